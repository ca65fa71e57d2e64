// Locking a workstation: first everything goes out of sight, then the edge is told, as often as it takes.
import { Refused, send } from "../web/js/api.js";
import { beginLocking, endLocking } from "./station_windows.js";

const AGAIN_MS = 1000, NOTHING_IS_OPEN = [401, 404]; // signed out meanwhile, or a lane that is no more

// hide(): takes out of the page what it shows; said(problem): why the edge has not heard yet. Ends when the lock holds.
export async function lockAt(laneId, { hide, said = () => {} }) {
  hide();
  beginLocking(laneId);
  for (;;) {
    try {
      await send(`/api/lanes/${laneId}/lock`);
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
