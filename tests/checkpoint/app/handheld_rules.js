// What the small modules of the handheld say of chosen values, asked in a real browser: a function of their folder.
async (folder) => {
  const { uuid7 } = await import(`${folder}/uuid7.js`);
  const { readMeasurement, float11073 } = await import(`${folder}/thermometer_value.js`);
  const { ageIn, provisional, temperatureIn } = await import(`${folder}/verdict.js`);
  const { isGuessable, afterMistake } = await import(`${folder}/pin.js`);
  const view = (hex) => new DataView(Uint8Array.from(hex.split(' '), (byte) => parseInt(byte, 16)).buffer);
  const names = Array.from({ length: 5000 }, () => uuid7(1763775000000));
  const bundle = { limits: [{ device_kind: 'infrared_thermometer', site: 'forehead', stop_at_or_above_c: 37.5 }, { device_kind: 'clinical_thermometer', site: 'ear', stop_at_or_above_c: 38 }], exceptions: [{ code: 'infant', consequence: 'note' }] };
  const hand = (temperature_c, device_kind = 'infrared_thermometer', site = 'forehead') => provisional(bundle, { device_kind, site, temperature_c });
  const asked = { ...bundle, triage: [{ consequence: 'recheck', any_symptom_of: [] }, { consequence: 'refer', any_symptom_of: ['haemorrhage'] }], contacts: [{ consequence: 'refuse', exposures: ['slaughter'] }], places: [{ place: 'market', consequence: 'refer' }] };
  const told = (more) => provisional(asked, { place_answers: [{ place: 'market', was_there: false }], device_kind: 'infrared_thermometer', site: 'forehead', temperature_c: 36.5, ...more });
  let lock = { mistakes: 0, wait_until_ms: 0 };
  const waits = Array.from({ length: 8 }, () => (lock = afterMistake(lock, 0)).wait_until_ms);
  return {
    sorted: names.every((name, place) => !place || names[place - 1] < name), unique: new Set(names).size, first: names[0],
    golden: readMeasurement(view('06 6D 01 00 FF E4 07 03 0F 0A 1E 00 02')),
    fahrenheit: readMeasurement(view('01 CE 03 00 FF')), oral: readMeasurement(view('04 6D 01 00 FF 06')).site,
    specials: ['FF FF 7F 00', '00 00 80 00', 'FE FF 7F 00', '02 00 80 00', '01 00 80 00'].map((hex) => float11073(view(hex), 0)),
    negative: float11073(view('FF FF FF FF'), 0), short: readMeasurement(view('06 6D 01 00')), cut: readMeasurement(view('02 6D 01 00 FF E4')),
    verdicts: [36.5, 37.49, 37.5, 41, 24, null].map((c) => hand(c).outcome), fever: hand(38, 'clinical_thermometer', 'ear').outcome,
    unknownSite: [hand(37.6, 'infrared_thermometer', 'wrist').outcome, hand(36, 'infrared_thermometer', 'wrist').outcome],
    excepted: ['infant', 'unheard_of'].map((exception_code) => provisional(bundle, { exception_code }).outcome),
    answered: [{}, { symptoms: ['cough'] }, { symptoms: ['cough', 'haemorrhage'] }, { exposures: ['slaughter'] }, { place_answers: [{ place: 'market', was_there: false }] }, { place_answers: [{ place: 'market', was_there: true }] }].map((more) => told(more).outcome),
    clinically: told({ symptoms: ['cough'], device_kind: 'clinical_thermometer', site: 'ear' }).outcome, raisedToo: told({ temperature_c: 38, exposures: ['slaughter'] }).outcome,
    unasked: [told({ place_answers: [] }).outcome, told({ exception_code: "infant", place_answers: [] }).outcome],
    fallback: [false, true].map((is_fallback_tried) => provisional({ ...bundle, exceptions: [{ code: 'device_failure', consequence: 'note', asks_fallback: true }] }, { exception_code: 'device_failure', is_fallback_tried }).outcome),
    ofAge: [null, 0, 5, 6].map((age_years) => provisional({ ...bundle, exceptions: [{ code: 'infant', consequence: 'note', max_age_years: 5 }] }, { exception_code: 'infant', age_years }).outcome), ages: ['', '0', '12', '-1', '1,5'].map(ageIn),
    typed: ['36,5', '38.1', '365', '3', 'abc', '36,555'].map(temperatureIn),
    guessable: ['111111', '123456', '654321', '804173'].map(isGuessable), waits,
  };
}
