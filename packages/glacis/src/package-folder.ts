/**
 * The folder of this package. Both as compiled (dist/) and as bundled (program/), this code lies one folder below
 * it: nothing else may find files relative to itself, since bundling moves it.
 */
export const packageFolder = new URL('../', import.meta.url);
