// Other windows of this page draw anew when one of them kept or sent something.
const channel = new BroadcastChannel("kd-handheld");
export const tellOthers = () => channel.postMessage("changed");
export const hear = (listener) => channel.addEventListener("message", listener);
