// The environment that the specification's examples assume: a page of the site in a browser, where a user has signed in
// and chosen files. `heard` keeps what the examples said to the console and were answered.

import { readFile } from "node:fs/promises";
import { basename } from "node:path";

const MEDIA_TYPES = { jpg: "image/jpeg", txt: "text/plain" };

async function fileAt(path) {
  const name = basename(path);
  return new File([await readFile(path)], name, { type: MEDIA_TYPES[name.split(".").pop()] });
}

/**
 * Return the page of a server at `base`. With a `sessionToken` its requests have the session's cookie and, where they
 * change something, the page's origin, as a browser's do.
 */
export async function openPage({ base, sessionToken, filePaths }) {
  const heard = { lines: [], answers: [] };
  const files = await Promise.all(filePaths.map(fileAt));

  async function fetchAsBrowser(input, init = {}) {
    const url = new URL(input, base);
    const method = init.method ?? "GET";
    const headers = new Headers(init.headers);
    if (sessionToken) headers.set("Cookie", `next-auth.session-token=${sessionToken}`);
    if (method !== "GET") headers.set("Origin", new URL(base).origin);
    const answer = await fetch(url, { ...init, headers });
    heard.answers.push({ method, path: url.pathname, status: answer.status, body: await answer.clone().json() });
    return answer;
  }

  // two of the examples call a function that uploads and leave it to the reader
  async function uploadImage(file = files[0]) {
    const form = new FormData();
    form.append("file", file);
    const answer = await fetchAsBrowser("/api/images/upload", { method: "POST", body: form });
    const { image } = await answer.json();
    return { ...image, image }; // one takes the image, the other an object that has it
  }

  const say = (level) => (...parts) => heard.lines.push([level, parts.join(" ")]);
  return {
    heard,
    names: {
      fetch: fetchAsBrowser,
      console: { log: say("log"), error: say("error") },
      fileInput: { files },
      fileInputElement: { files },
      imageFile: files[0],
      file1: files[0],
      file2: files.at(-1),
      base64ImageData: Buffer.from(await files[0].arrayBuffer()).toString("base64"),
      uploadImage,
    },
  };
}
