/**
 * The colours of a report, as CSS variables for light, dark and paper. A colour means one thing on
 * the whole page: teal is proven, brick is broken, ochre is chance, slate is the clean answer, grey
 * is undecided. Charts refer to them by name, so an SVG follows the reader's scheme.
 */

const light = {
  scheme: 'light',
  paper: '#fbfcfd',
  card: '#ffffff',
  wash: '#f1f4f7',
  rule: '#dce2e9',
  faint: '#8a95a3',
  soft: '#566272',
  ink: '#18212c',
  clean: '#46566b',
  noise: '#9a6f0c',
  attack: '#b5432c',
  proof: '#0f7078',
  open: '#c5cdd7',
  'proof-1': '#e3f0f1',
  'proof-2': '#c8e2e4',
  'proof-3': '#a6d0d3',
  'proof-4': '#7fbabf',
  'attack-1': '#f8e9e4',
  'attack-2': '#f0d3ca',
  'attack-3': '#e5b6a8',
  'attack-4': '#d8978a',
};

const dark: typeof light = {
  scheme: 'dark',
  paper: '#11161c',
  card: '#161d25',
  wash: '#1b232c',
  rule: '#2b3540',
  faint: '#748292',
  soft: '#a0adbb',
  ink: '#e6ebf0',
  clean: '#b6c3d3',
  noise: '#d9ae4f',
  attack: '#ea8a6e',
  proof: '#5bbcc2',
  open: '#44505e',
  'proof-1': '#16292f',
  'proof-2': '#1b3a41',
  'proof-3': '#214d54',
  'proof-4': '#2a646b',
  'attack-1': '#2d211f',
  'attack-2': '#432923',
  'attack-3': '#5c3429',
  'attack-4': '#774234',
};

function variables(colours: typeof light): string {
  const { scheme, ...named } = colours;
  const lines = Object.entries(named).map(([name, value]) => `--${name}:${value};`);
  return `color-scheme:${scheme};${lines.join('')}`;
}

export const palette = `
:root{${variables(light)}}
@media screen and (prefers-color-scheme:dark){:root{${variables(dark)}}}
`;
