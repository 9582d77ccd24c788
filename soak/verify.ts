/**
 * Random queries about small networks, and pairs of them; each second one about several inputs and outputs and values
 * inside: verdicts are those of mixed-integer programs.
 */
import { soakVerdicts } from './verdicts.ts';

await soakVerdicts({
  name: 'verify',
  total: 1000,
  checks: ['checkRandomVerdict', 'checkPortedVerdict'],
  also: { holds: ({ networks }) => networks > 1, text: 'pairs' },
  branch: 'boxes',
});
