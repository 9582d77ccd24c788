/** Reads a tar archive (POSIX.1-1988 "ustar" headers): plain files by name, nothing else. */

const BLOCK = 512;

function text(block: Uint8Array, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** The contents of each file of the archive. Throws RangeError when it is cut short. */
export function filesOfTar(archive: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + BLOCK <= archive.length;) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const name = text(header, 0, 100);
    const size = parseInt(text(header, 124, 12), 8);
    const start = at + BLOCK;
    if (!(start + size <= archive.length)) throw new RangeError(`the archive ends inside ${name}`);
    if (['', '0'].includes(text(header, 156, 1)))
      files.set(name, archive.subarray(start, start + size));
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
