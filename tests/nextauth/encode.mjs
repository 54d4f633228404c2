// Prints tokens as NextAuth v4 and Auth.js v5 make them: reads [{version, cookie, secret, token, maxAge}] in JSON.

import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { encode as encodeV5 } from '@auth/core/jwt';

const { encode: encodeV4 } = createRequire(import.meta.url)('next-auth/jwt');

const encoded = JSON.parse(await text(process.stdin)).map(({ version, cookie, ...params }) =>
  version === 4 ? encodeV4(params) : encodeV5({ ...params, salt: cookie }),
);
process.stdout.write(JSON.stringify(await Promise.all(encoded)));
