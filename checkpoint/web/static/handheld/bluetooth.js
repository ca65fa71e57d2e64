// A health thermometer over Web Bluetooth, where the browser has it (it wants https, or this machine itself) and somebody chose one.
import { readMeasurement } from "./thermometer_value.js";

export const hasBluetooth = () => "bluetooth" in navigator;

// take({temperature_c, site, measured_at}) is called for each final measurement until the device goes away.
export async function connectThermometer({ take, gone }) {
  const device = await navigator.bluetooth.requestDevice({ filters: [{ services: ["health_thermometer"] }] });
  device.addEventListener("gattserverdisconnected", gone, { once: true });
  const server = await device.gatt.connect();
  const service = await server.getPrimaryService("health_thermometer");
  const measurement = await service.getCharacteristic("temperature_measurement");
  measurement.addEventListener("characteristicvaluechanged", (event) => {
    const read = readMeasurement(event.target.value);
    if (read) take(read);
  });
  await measurement.startNotifications();
  return device.name ?? "";
}
