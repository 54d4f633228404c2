// sharp: resize, sharpen unless PLAIN is set, JPEG q95 4:4:4. Protocol: see bench/classical.py.
import { createInterface } from 'node:readline';
import { readFileSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';

// of this process, in kB (proc(5)); Linux alone has it
const memory = (field) => Number(readFileSync('/proc/self/status', 'utf8').match(`${field}:\\s+(\\d+)`)[1]);

const say = (line) => process.stdout.write(`${line}\n`);

say('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [path, width, height, target] = line.split('\t');
  const data = readFileSync(path);
  writeFileSync('/proc/self/clear_refs', '5'); // the peak begins anew
  const idleKb = memory('VmRSS');
  const cpuBefore = process.cpuUsage();
  const began = process.hrtime.bigint();
  const resized = sharp(data).resize(Number(width), Number(height), { fit: 'fill', kernel: 'lanczos3' });
  const made = await (process.env.PLAIN ? resized : resized.sharpen())
    .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    .toBuffer();
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const cpu = process.cpuUsage(cpuBefore);
  const peakKb = memory('VmHWM') - idleKb;
  if (target) writeFileSync(target, made);
  say([seconds, (cpu.user + cpu.system) / 1e6, peakKb, made.length].join('\t'));
}
