/** `npm test` draws the same cases each time; `npm run soak` is where others are drawn. */
import * as fc from 'fast-check';

fc.configureGlobal({ seed: 20_261_124 });
