// How much may be sent at once, as the API publishes it to those who are signed in.

import { get } from './api.js';

let reading;

// None where they can't be read; the next call tries again.
export function readLimits() {
  reading ??= get('/api/usage').catch(() => {
    reading = undefined;
  });
  return reading;
}

const megabytes = (bytes) => `${Number((bytes / 2 ** 20).toPrecision(3))} MB`;
const megapixels = (pixels) => `${Number((pixels / 1e6).toPrecision(3))} megapixels`;

export const describeLimits = ({ fileBytesMax, pixelsMax }) =>
  `Up to ${megabytes(fileBytesMax)} and ${megapixels(pixelsMax)} each.`;

// the error of a file that needn't be sent to be refused
export const tooLarge = ({ fileBytesMax }) => ({
  message: `File exceeds maximum size of ${megabytes(fileBytesMax)}`,
  suggestion: `Please upload a file smaller than ${megabytes(fileBytesMax)}`,
});
