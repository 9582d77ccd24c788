/** Random queries about small networks, and pairs of them: verdicts are those of mixed-integer programs. */
import { soakVerdicts } from './verdicts.ts';

await soakVerdicts({
  name: 'verify',
  total: 1000,
  check: 'checkRandomVerdict',
  also: { holds: ({ networks }) => networks > 1, text: 'pairs' },
  branch: 'boxes',
});
