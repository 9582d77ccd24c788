/** Where the examples are: compiled programs run from the build folder and write beside their sources. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A path inside the repository. */
export const inRepository = (...parts: readonly string[]): string => path.join(root, ...parts);
