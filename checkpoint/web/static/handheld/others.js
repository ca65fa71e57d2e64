// Other windows of this page draw anew when one of them kept or sent something, and lock when one of them is locked.
const channel = new BroadcastChannel("kd-handheld");
export const tellOthers = () => channel.postMessage("changed");
export const tellLocked = () => channel.postMessage("locked");
export const hear = ({ changed, locked }) => channel.addEventListener("message", ({ data }) => (data === "locked" ? locked() : changed()));
