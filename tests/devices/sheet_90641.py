"""The data sheet's calculation for the MLX90641, one pixel after another, in its own order and words."""

import numpy as np


def signed(value, bits):
    return value - (1 << bits) if value >= 1 << (bits - 1) else value


def by_hand_90641(memory, ram, *, subpage, emissivity):
    """Give 12 x 16 degrees Celsius and the chip's own temperature."""
    ee = [int(word) & 0x7FF for word in memory]
    vdd = (ram[426] - 32 * signed(ee[38], 11)) / (32 * signed(ee[39], 11)) + 3.3
    art = ram[416] / (ram[416] * ee[44] / 128 + ram[384]) * 2**18
    ta = (art / (1 + signed(ee[43], 11) / 4096 * (vdd - 3.3)) - (32 * ee[40] + ee[41])) / (signed(ee[42], 11) / 8) + 25
    tr_k4, ta_k4 = (ta - 8 + 273.15) ** 4, (ta + 273.15) ** 4
    ta_r = tr_k4 - (tr_k4 - ta_k4) / emissivity
    degrees = [
        object_c(
            voltage_of(ee, ram, pixel, subpage=subpage, ta=ta, vdd=vdd) / emissivity,
            alpha_of(ee, pixel, ta=ta),
            ee,
            ta_r=ta_r,
        )
        for pixel in range(192)
    ]
    return np.array(degrees).reshape(12, 16), ta


def tgc_of(ee):
    return signed(ee[51] & 0x1FF, 9) / 64


def voltage_of(ee, ram, pixel, *, subpage, ta, vdd):
    gain = (32 * ee[36] + ee[37]) / ram[394]
    cp_kta = signed(ee[49] & 0x3F, 6) / 2 ** (ee[49] >> 6)
    cp_kv = signed(ee[50] & 0x3F, 6) / 2 ** (ee[50] >> 6)
    cp_offset = signed(32 * ee[47] + ee[48], 16)
    cp = ram[392] * gain - cp_offset * (1 + cp_kta * (ta - 25)) * (1 + cp_kv * (vdd - 3.3))
    word = ram[64 * (pixel // 32) + 32 * subpage + pixel % 32]
    raw_offset = ee[(64, 640)[subpage] + pixel]
    offset = signed(32 * ee[17] + ee[18], 16) + signed(raw_offset, 11) * 2 ** (ee[16] >> 5)
    kta = (signed(ee[448 + pixel] >> 5, 6) * 2 ** (ee[22] & 31) + signed(ee[21], 11)) / 2 ** (ee[22] >> 5)
    kv = (signed(ee[448 + pixel] & 31, 5) * 2 ** (ee[24] & 31) + signed(ee[23], 11)) / 2 ** (ee[24] >> 5)
    return word * gain - offset * (1 + kta * (ta - 25)) * (1 + kv * (vdd - 3.3)) - tgc_of(ee) * cp


def alpha_of(ee, pixel, *, ta):
    band = pixel // 32
    scale = (ee[25 + band // 2] >> 5 if band % 2 == 0 else ee[25 + band // 2] & 31) + 20
    alpha = ee[256 + pixel] / 2047 * ee[28 + band] / 2**scale
    alpha -= tgc_of(ee) * signed(ee[45], 11) / 2 ** ee[46]
    return alpha * (1 + signed(ee[34], 11) / 32768 * (ta - 25))


def object_c(voltage, alpha, ee, *, ta_r):
    ks_to = [signed(ee[at], 11) / 2 ** ee[52] for at in (53, 54, 55, 56, 57, 59, 61, 63)]
    corners = [-40, -20, 0, 80, 120, ee[58], ee[60], ee[62]]
    sx = ks_to[2] * (alpha**3 * voltage + alpha**4 * ta_r) ** 0.25
    to = (voltage / (alpha * (1 - ks_to[2] * 273.15) + sx) + ta_r) ** 0.25 - 273.15
    place = max(at for at in range(8) if at == 0 or to >= corners[at])
    correction = 1.0
    for at in range(2, place):
        correction *= 1 + ks_to[at] * (corners[at + 1] - corners[at])
    for at in range(1, place - 1, -1):
        correction /= 1 + ks_to[at] * (corners[at + 1] - corners[at])
    radiance = voltage / (alpha * correction * (1 + ks_to[place] * (to - corners[place])))
    return (radiance + ta_r) ** 0.25 - 273.15
