/** What perturbations are allowed. */
import * as parse from '../values.ts';
import { type OptionSpec, choosing, on, reading, row, runs } from './spec.ts';

export const threatOptions = {
  norm: row(
    'Threat',
    reading,
    '--norm',
    'NORM',
    parse.oneOf('linf', 'l2', 'l1', 'l0'),
    'how perturbations are measured: linf, l2, l1, or l0 (ε is then the number of features that may change)',
    'linf',
  ),
  eps: row(
    'Threat',
    reading,
    '--eps',
    'E',
    parse.radii,
    'the radius, in units of the data: 0.1 or 8/255; with a list, verdicts are for the largest and the curve is for all',
  ),
  clip: row(
    'Threat',
    reading,
    '--clip',
    'LO,HI',
    parse.clip,
    'the range of valid values, or none',
    '0,1 for images and uint8, else none',
  ),
  weights: row(
    'Threat',
    choosing,
    '--weights',
    'std|FILE',
    parse.text,
    "how far each feature moves per unit of radius: its standard deviation over the data file, or a file's numbers",
  ),
  freeze: row(
    'Threat',
    choosing,
    '--freeze',
    'COLUMNS',
    parse.text,
    'features that cannot change: names or positions, 0,3,7-12',
  ),
  eightBit: row(
    'Threat',
    runs,
    '--eight-bit',
    null,
    on,
    'adversarial inputs are pictures that eight bits can store: multiples of 1/255 of the valid range, inside the ball',
  ),
} satisfies Record<string, OptionSpec<unknown>>;
