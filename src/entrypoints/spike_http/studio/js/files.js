// Files as the API takes them within JSON: base64, and a media type.

export async function toBase64(blob) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
  return url.slice(url.indexOf(',') + 1);
}

// The media type by the file's first bytes. The server checks it against them too; `file.type` follows the name and may be wrong.
export async function sniffMimeType(file) {
  const text = String.fromCharCode(...new Uint8Array(await file.slice(0, 64).arrayBuffer()));
  if (text.startsWith('\x89PNG')) return 'image/png';
  if (text.startsWith('GIF')) return 'image/gif';
  if (text.startsWith('RIFF')) return 'image/webp';
  if (text.startsWith('ftyp', 4)) return /avi[fs]/.test(text) ? 'image/avif' : 'image/heic';
  return /^(II|MM)/.test(text) ? 'image/tiff' : 'image/jpeg';
}
