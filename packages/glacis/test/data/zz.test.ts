import { test } from 'vitest';
import { decodePicture } from '../../src/data/picture.ts';
import { jpeg, png } from './bytes.ts';
import { crc32 } from 'node:zlib';
import { encode } from 'jpeg-js';
import { UsageError } from '../../src/errors.ts';
test('fuzz', () => {
  let s = 1; const r = (n: number) => { s = (Math.imul(s, 1664525) + 1013904223) >>> 0; return Math.floor(s / 2 ** 32 * n); };
  const noise = Buffer.from(Array.from({ length: 32*32*4 }, () => r(256)));
  const j = [jpeg(16, 16, [1, 100, 200]), encode({width:32,height:32,data:noise},50).data];
  const p = png(8, 8, 2, Array.from({ length: 192 }, () => r(256)));
  let worst = 0, ok = 0, bad = 0; const msgs = new Map<string, number>();
  for (let i = 0; i < 12000; i++) {
    const src = i % 3 === 2 ? p : j[i % 3]!;
    const b = Buffer.from(src);
    for (let k = 0; k < 1 + r(3); k++) b[r(b.length)] = r(256);
    if (i % 3 === 2) { let at = 8; while (at + 12 <= b.length) { const l = b.readUInt32BE(at); if (at + 12 + l > b.length) break; b.writeUInt32BE(crc32(b.subarray(at + 4, at + 8 + l)), at + 8 + l); at += 12 + l; } }
    const t = performance.now();
    try { decodePicture(b, 'z'); ok++; } catch (e) { if (!(e instanceof UsageError)) throw e; bad++; const m = e.message.slice(0, 60); msgs.set(m, (msgs.get(m) ?? 0) + 1); }
    const d = performance.now() - t; if (d > worst) { worst = d; console.log(i, i % 3, d); }
  }
  console.log(ok, bad, worst, [...msgs].slice(0, 60));
}, 300000);
