// The enrolment code in the address that a station shows as a picture: behind the mark #, so that it is neither sent nor logged.
// It waits in this window alone while the officer signs in, and is gone from the address at once.
const PLACE = "kd-handheld-code", LONGEST = 60;

export const codeIn = (text) => text.slice(text.lastIndexOf("#") + 1).trim().slice(0, LONGEST);

export function givenCode() {
  if (window.location.hash.length > 1) {
    window.sessionStorage.setItem(PLACE, codeIn(window.location.hash));
    window.history.replaceState(null, "", window.location.pathname);
  }
  return window.sessionStorage.getItem(PLACE) ?? "";
}

export const forgetCode = () => window.sessionStorage.removeItem(PLACE);
