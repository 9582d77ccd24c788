// `npm run bench -- NAME [arguments]` runs bench/NAME.ts; without a name it lists them.

import { main } from './project.js';
import { tool } from './tool.js';

await main(() => tool('bench'));
