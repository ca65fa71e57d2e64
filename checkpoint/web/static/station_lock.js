// Locking a workstation: first everything goes out of sight, then the edge is told, as often as it takes.
import { Refused, send } from "../web/js/api.js";
import { beginLocking, endLocking } from "./station_windows.js";

// Signed out meanwhile, or somebody else signed in whose own windows lock theirs: there is nothing of this page to lock.
const AGAIN_MS = 1000, NOTHING_IS_OPEN = [401, 403];

// hide(): takes out of the page what it shows; said(problem): why the edge has not heard yet. Ends when the lock holds.
export async function lockSession({ hide, said = () => {} }) {
  hide();
  beginLocking();
  for (;;) {
    try {
      await send("/api/station/lock");
      break;
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      if (NOTHING_IS_OPEN.includes(problem.httpCode)) break;
      said(problem);
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }
  endLocking();
}
