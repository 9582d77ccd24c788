/**
 * Random queries about small convolutional and dense networks of many inputs, which are cut inside (β-CROWN):
 * verdicts are those of mixed-integer programs.
 */
import { soakVerdicts } from './verdicts.ts';

await soakVerdicts({
  name: 'beta',
  total: 500,
  checks: ['checkInsideVerdict'],
  also: { holds: ({ method }) => method === 'activation-splitting', text: 'by branches inside' },
  branch: 'domains',
});
