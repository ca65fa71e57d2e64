"""Thermometers of home automation on a broker: Tasmota, ESPHome, Zigbee2MQTT, and any mapping given in the settings."""

from devices.drivers.mqtt_json.mapping import MqttJsonOptions
from devices.drivers.mqtt_json.sensor import MqttJson

__all__ = ["MqttJson", "MqttJsonOptions"]
