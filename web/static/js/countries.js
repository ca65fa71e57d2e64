// The name of a country by the three letters of a document. Our own catalogue first, so that a page says what the
// declaration says; the browser knows the others by the two letters of ISO 3166-1. A code it has not stays a code.
import { plain } from "./format.js";
import { has, language, t } from "./labels.js";

// ISO 3166-1: three letters that begin with the two, and those whose two letters stand after them.
const ALIKE = new Set(
  `
  AFG AIA ALB ARG ASM AUS AZE BEL BFA BGR BHR BLM BMU BOL BRA BTN BVT BWA CAN CCK CHE CIV CMR COL CRI CUB CXR
  CYP CZE DEU DJI DMA DOM DZA ECU EGY ERI ESP ETH FIN FJI FRA GAB GBR GEO GGY GHA GIB GMB GRC GTM GUM HKG HMD
  HND HRV HTI HUN IDN IMN IND IOT IRN ISL ITA JEY JOR JPN KEN KGZ KHM KIR KNA KWT LAO LBN LCA LIE LKA LSO LTU
  LUX LVA MAR MCO MDA MHL MKD MLI MMR MNG MRT MSR MUS MWI MYS NAM NCL NER NFK NGA NIC NLD NOR NPL NRU NZL OMN
  PAN PER PHL PRI PSE QAT REU ROU RUS RWA SAU SDN SGP SHN SJM SLE SMR SOM SSD STP SXM SYR TCA TGO THA TJK TKL
  TLS TON TTO TWN TZA UGA UMI USA UZB VAT VCT VEN VGB VIR VNM VUT WSM YEM ZAF ZMB ZWE
  `.trim().split(/\s+/),
);
const OTHERS = Object.fromEntries(
  `
  ABWAW AGOAO ALAAX ANDAD AREAE ARMAM ATAAQ ATFTF ATGAG AUTAT BDIBI BENBJ BESBQ BGDBD BHSBS BIHBA BLRBY BLZBZ
  BRBBB BRNBN CAFCF CHLCL CHNCN CODCD COGCG COKCK COMKM CPVCV CUWCW CYMKY DNKDK ESHEH ESTEE FLKFK FROFO FSMFM
  GINGN GLPGP GNBGW GNQGQ GRDGD GRLGL GUFGF GUYGY IRLIE IRQIQ ISRIL JAMJM KAZKZ KORKR LBRLR LBYLY MACMO MAFMF
  MDGMG MDVMV MEXMX MLTMT MNEME MNPMP MOZMZ MTQMQ MYTYT NIUNU PAKPK PCNPN PLWPW PNGPG POLPL PRKKP PRTPT PRYPY
  PYFPF SENSN SGSGS SLBSB SLVSV SPMPM SRBRS SURSR SVKSK SVNSI SWESE SWZSZ SYCSC TCDTD TKMTM TUNTN TURTR TUVTV
  UKRUA URYUY WLFWF
  DDE GBDGB GBNGB GBOGB GBPGB GBSGB RKSXK
  `.trim().split(/\s+/).map((word) => [word.slice(0, -2), word.slice(-2)]),
);
const OURS = ["VNM", "CHN", "LAO", "KHM", "THA", "MMR"]; // whom our gates see most
const names = new Intl.DisplayNames([language === "zh" ? "zh-Hans" : language], { type: "region", fallback: "code" });

export function country(code) {
  if (!code) return null;
  if (code !== "OTHER" && has(`declaration.nationality_${code}`)) return t(`declaration.nationality_${code}`);
  const two = ALIKE.has(code) ? code.slice(0, 2) : OTHERS[code];
  return two ? names.of(two) : code;
}

// Every code that has a name, those of our neighbours first.
export function codes() {
  return [...new Set([...OURS, ...ALIKE, ...Object.keys(OTHERS)])];
}

// The code of what somebody typed: the three letters, or a name in the page's language with or without its marks.
export function codeOf(text) {
  const typed = plain(text);
  const all = codes();
  return all.find((code) => code === text.trim().toUpperCase()) ?? all.find((code) => plain(country(code) ?? "") === typed) ?? null;
}
