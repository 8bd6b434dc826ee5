// Numbers as people read them, where the server cannot format them: points that are clicked, settings that are typed.
// They follow the functions of the same names in goodfit.wording.numbers; a test holds them equal.

const UNKNOWN = "–";
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const minus = (text) => (/[1-9]/.test(text) ? text.replace("-", "−") : text.replace("-", ""));
const withCommas = (text) => text.replace(/\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));

// A tie goes to the even digit, as in Python; toFixed alone takes the larger one.
function fixed(value, decimals) {
  const text = value.toFixed(decimals), isTie = value.toFixed(decimals + 20).endsWith(`5${"0".repeat(19)}`);
  return isTie && /[13579]$/.test(text) ? (value * (1 - 2 ** -52)).toFixed(decimals) : text;
}

function significant(value, digits) {
  const decimals = value ? digits - 1 - Math.floor(Math.log10(Math.abs(value))) : 0;
  return Number(decimals < 0 ? value.toPrecision(digits) : fixed(value, Math.min(decimals, 80)));
}

function scientific(value, digits) {
  const [mantissa, exponent] = significant(value, digits).toExponential().split("e");
  return `${minus(mantissa)}e${Number(exponent)}`;
}

export function percent(share) {
  if (!isNumber(share)) return UNKNOWN;
  if (share === 0 || share === 1) return `${100 * share} %`;
  if (Math.abs(share) < 1e-6) return share > 0 ? "< 0.0001 %" : "> −0.0001 %";
  if (share >= 0.9995 && share < 1) return share >= 0.99995 ? "> 99.99 %" : `${fixed(100 * share, 2)} %`;
  const size = significant(100 * Math.abs(share), 2);
  const decimals = size >= 1000 ? 0 : Math.min(Math.max(1 - Math.floor(Math.log10(size)), 1), 6);
  const shown = Math.abs(share) >= 100 ? significant(share, 3) : share; // only digits that mean something
  return `${minus(withCommas(fixed(100 * shown, decimals)))} %`;
}

export function number(value) {
  if (!isNumber(value)) return UNKNOWN;
  const size = Math.abs(significant(value, 4));
  if (size && (size < 1e-4 || size >= 1e12)) return scientific(value, 4);
  return minus(size >= 1e3 ? withCommas(fixed(value, 0)) : String(significant(value, 4)));
}

// A value of the plan as people type it.
export function setting(value) {
  if (Array.isArray(value)) return `[${value.map(setting).join(", ")}]`;
  if (!isNumber(value) || Number.isInteger(value)) return String(value);
  let shown = significant(value, 6);
  if (Number.isInteger(shown)) shown = significant(value, 12); // 0.99999995 is not 1
  return (Math.abs(shown) < 1e-4 ? shown.toExponential() : String(shown)).replace("e+", "e");
}
