// SPDX-License-Identifier: GPL-3.0-or-later
// Bins of core/render/density.h: counts below 64 have a bin each, larger ones 16 per octave.
const uint kBins = 512u;

uint histogramBin(uint count) {
    if (count < 64u) {
        return count;
    }
    uint octave = uint(findMSB(count));
    return 64u + (octave - 6u) * 16u + ((count >> (octave - 4u)) & 15u);
}

uint binCount(uint bin) {
    if (bin < 64u) {
        return bin;
    }
    return (16u + (bin - 64u) % 16u) << (2u + (bin - 64u) / 16u);
}
