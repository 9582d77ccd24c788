// `npm start`: sets up, then audits the embedded example; further arguments are passed on.
// The command runs in this process, so the terminal, its signals and the exit code are its own.

import { pathToFileURL } from 'node:url';
import { at, main } from './project.js';
import { setup } from './setup.js';

await main(async () => {
  await setup();
  const command = at('packages/glacis/bin/glacis.js');
  const args = ['audit', '--example', 'digits', ...process.argv.slice(2)];
  process.argv = [process.argv[0], command, ...args];
  await import(pathToFileURL(command).href);
});
