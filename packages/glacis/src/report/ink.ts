/** The colours of the terminal, by the same tones as the page; without colour, plain text. */
import picocolors from 'picocolors';
import type { Tone } from './sentence.ts';

export type Paint = (text: string) => string;
export type Ink = Readonly<Record<Tone | 'plain' | 'dim' | 'bold', Paint>>;

export function inkOf(color: boolean): Ink {
  const { blue, yellow, red, green, dim, bold } = picocolors.createColors(color);
  return {
    clean: blue,
    noise: yellow,
    attack: red,
    proof: green,
    dim,
    bold,
    plain: (text) => text,
  };
}
