/**
 * The style sheet of a report: one column of quiet typography on system fonts, headings in the margin
 * where there is room, tables and figures that shrink to a phone, and rules for paper.
 */
import { palette } from './palette.ts';

const page = `
*{box-sizing:border-box}
:root{--serif:"Iowan Old Style","Palatino Linotype",Palatino,"URW Palladio L","P052",Georgia,serif;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif;
--mono:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace}
html{-webkit-text-size-adjust:100%;background:var(--paper);color:var(--ink)}
body{margin:0 auto;max-width:76rem;padding:clamp(1.5rem,5vw,4.5rem) clamp(1.25rem,5vw,4rem) 4rem;
font:400 1rem/1.55 var(--sans);-webkit-font-smoothing:antialiased}
h1,h2,.lead{font-family:var(--serif);font-weight:400;text-wrap:balance}
h1{font-size:clamp(2rem,5.2vw,3.4rem);line-height:1.08;letter-spacing:-.015em;margin:1.1rem 0 .7rem;overflow-wrap:anywhere}
h1.long{font-size:clamp(1.3rem,3vw,1.9rem);line-height:1.2}
h2{font-size:1.35rem;line-height:1.2;margin:0 0 .6rem}
p{margin:0 0 .9rem}
a{color:inherit}
code,.mono{font-family:var(--mono);font-size:.86em}
.eyebrow{display:flex;align-items:center;gap:.6rem;margin:0;color:var(--soft);font-size:.8rem;letter-spacing:.09em;text-transform:uppercase}
.eyebrow svg{width:2.6rem;height:1.1rem;flex:none}
.meta{color:var(--soft);margin:0 0 2.2rem;overflow-wrap:anywhere}
.meta span+span::before{content:"·";margin:0 .5em;color:var(--faint)}
.lead{font-size:clamp(1.3rem,2.7vw,1.95rem);line-height:1.38;max-width:50rem;margin:0 0 1rem;text-wrap:pretty}
.lead+.counts{max-width:46rem;color:var(--soft);margin-top:0}
.tone{font-weight:600;white-space:nowrap}
.lead .tone{font-weight:inherit;border-bottom:.09em solid currentColor}
.clean{color:var(--clean)}.noise{color:var(--noise)}.attack{color:var(--attack)}.proof{color:var(--proof)}
section{border-top:1px solid var(--rule);padding:2.4rem 0 2.6rem}
header{padding-bottom:2.6rem}
.aside p{color:var(--soft);font-size:.92rem;max-width:38rem}
@media (min-width:72rem){
section{display:grid;grid-template-columns:15.5rem minmax(0,1fr);gap:0 3.5rem}
.aside p{max-width:none}
}
.body>:last-child{margin-bottom:0}
.alert{border-left:3px solid var(--attack);background:var(--attack-1);padding:1rem 1.25rem;margin:0 0 1.5rem;max-width:46rem}
.alert p:last-child{margin:0}
footer{border-top:1px solid var(--rule);padding-top:1.2rem;color:var(--faint);font-size:.85rem}
`;

const numbers = `
.strip{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:1.6rem 2.5rem;margin:2.6rem 0 2.2rem;padding:0}
.strip dt{font-size:.86rem;color:var(--soft);margin:0 0 .1rem}
.strip dd{margin:0}
.strip small span{white-space:nowrap}
.strip .big{display:block;font:400 clamp(2.3rem,4.6vw,3.3rem)/1.1 var(--serif);letter-spacing:-.02em;font-variant-numeric:lining-nums}
.strip small{display:block;color:var(--soft);font-size:.8rem;min-height:1.3em}
.strip del{color:var(--soft)}
.track{position:relative;display:block;height:7px;margin:.55rem 0 .5rem;border-radius:4px;background:var(--wash);box-shadow:inset 0 0 0 1px var(--rule)}
.track i{position:absolute;top:0;bottom:0;border-radius:4px;background:currentColor}
.track .span{opacity:.32}
.track .at{width:3px;margin-left:-1.5px;top:-3px;bottom:-3px;border-radius:2px}
@media (max-width:56rem){.strip{grid-template-columns:repeat(2,minmax(0,1fr))}}
@media (max-width:40rem){.strip small{font-size:.74rem}}
.whole{display:flex;height:1.5rem;gap:2px;margin:0}
.whole i{display:block;min-width:2px;border-radius:2px}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.5rem;list-style:none;margin:.7rem 0 0;padding:0;font-size:.9rem;color:var(--soft)}
.legend b{font-weight:600;color:var(--ink)}
.key{display:inline-block;width:.75em;height:.75em;border-radius:2px;margin-right:.5em}
.key.line{height:3px;width:1.3em;vertical-align:.25em}
.key.dots{height:0;width:1.3em;vertical-align:.25em;border-top:2px dotted var(--clean);border-radius:0;background:none}
.key.tick{width:2px;height:1em;vertical-align:-.12em;margin-left:.3em}
.fill-proof{background:var(--proof)}.fill-attack{background:var(--attack)}.fill-noise{background:var(--noise)}
.fill-clean{background:var(--clean)}.fill-open{background:var(--open)}.fill-ink{background:var(--ink)}.fill-faint{background:var(--faint)}
`;

const figures = `
figure{margin:0 0 1.6rem}
figcaption{color:var(--soft);font-size:.88rem;margin-top:.7rem;max-width:44rem}
svg.chart{display:block;width:100%;height:auto;overflow:visible;font-family:var(--sans);color:var(--soft)}
svg.chart text{white-space:pre}
.narrow{display:none}
@media screen and (max-width:40rem){.narrow{display:block}.wide{display:none}}
figure .legend{margin:0 0 .8rem}
.plane{max-width:34rem}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:2rem 2.2rem}
.card{margin:0}
.pictures{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:.5rem}
.pictures figure{margin:0}
.pictures img{display:block;width:100%;height:auto;image-rendering:pixelated;background:var(--wash);border-radius:3px;outline:1px solid var(--rule);outline-offset:-1px}
.pictures figcaption{margin:.35rem 0 0;font-size:.8rem;line-height:1.35;overflow-wrap:anywhere}
.pictures b{display:block;font:400 1.15rem/1.3 var(--serif);color:var(--ink)}
.card>figcaption{font-size:.82rem;margin-top:.45rem;overflow-wrap:anywhere}
`;

const tables = `
.scroll{overflow-x:auto;margin:0 0 1.4rem}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums lining-nums}
th,td{padding:.42rem .9rem .42rem 0;text-align:left;vertical-align:baseline;border-bottom:1px solid var(--rule)}
th{font-weight:500;color:var(--soft);font-size:.82rem;vertical-align:bottom}
th.n,td.n{text-align:right;padding-left:.6rem}
td.n{white-space:nowrap}
td.break{overflow-wrap:anywhere;min-width:5.8rem}
.card table{font-size:.84rem;min-width:0}
.card th,.card td{padding-right:.2rem}
.card td.break{min-width:0}
th:last-child,td:last-child{padding-right:0}
tbody tr:last-child td{border-bottom:0}
tfoot td{border-top:1px solid var(--faint);border-bottom:0}
td.bar{background:linear-gradient(var(--level),var(--level)) 0 calc(100% + 5px)/var(--part,0%) 2px no-repeat;background-origin:content-box}
dl.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.35rem 1.5rem;margin:0 0 1.4rem;font-size:.92rem}
dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;overflow-wrap:anywhere}
dl.terms{margin:0;max-width:44rem}dl.terms dt{font-weight:600}dl.terms dd{margin:0 0 .9rem;color:var(--soft)}
ul.notes{margin:0;padding-left:1.1rem;max-width:46rem}ul.notes li{margin-bottom:.5rem;overflow-wrap:anywhere}
pre{background:var(--wash);border-radius:4px;padding:.9rem 1.1rem;margin:0 0 1.4rem;white-space:pre-wrap;overflow-wrap:anywhere;font:.86rem/1.6 var(--mono)}
.quiet{color:var(--soft);font-size:.9rem;max-width:46rem}
.evidence{margin-top:1.6rem}.evidence>figure{margin:0 0 2rem}.evidence>figure>figcaption{margin:0 0 .5rem}.indicator{margin:0 0 1.2rem;max-width:46rem}.indicator h3{margin:0 0 .2rem;font-size:1rem;font-weight:600}.indicator p{margin:0 0 .25rem}
@media (max-width:40rem){table{font-size:.8rem}th,td{padding-right:.3rem}th{font-size:.72rem;line-height:1.3}th.n,td.n{padding-left:.3rem}td.break{min-width:2.6rem}.named td.break{min-width:5rem}
dl.facts{grid-template-columns:minmax(0,1fr);gap:0}dl.facts dd{margin-bottom:.6rem}}
`;

const paper = `
@media print{
@page{margin:16mm}
html{background:none;font-size:10.5pt}body{padding:0;max-width:none}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
section{display:block;padding:1.2rem 0}
h2,.aside{break-after:avoid}figure,.card,tr,.indicator{break-inside:avoid}
.strip{margin:1.4rem 0;grid-template-columns:repeat(4,minmax(0,1fr));gap:1rem 1.5rem}.scroll{overflow:visible}
}
`;

export const styleSheet = [palette, page, numbers, figures, tables, paper].join('').trim();
