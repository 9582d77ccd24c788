/** The methods by name. */
import type { Method } from '../method.ts';
import { adversarial } from './adversarial.ts';
import { crownIbp } from './crown-ibp.ts';
import { fast } from './fast.ts';
import { ibp } from './ibp.ts';
import { lipschitz } from './lipschitz.ts';
import { natural } from './natural.ts';
import { noise } from './noise.ts';
import { trades } from './trades.ts';

export const trainingMethods = {
  natural,
  adversarial,
  fast,
  trades,
  noise,
  ibp,
  'crown-ibp': crownIbp,
  lipschitz,
} as const satisfies Record<string, Method>;

export type TrainingMethodName = keyof typeof trainingMethods;
