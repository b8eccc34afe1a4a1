#pragma once
// Loops over every byte of a letter, with the processor's vector instructions: an attachment in base 64 is
// scanned once and decoded once, and by the byte that would cost more than verifying the signature.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// A set of bytes: b is in it where low[b & 15] & high[b >> 4] is not zero. Up to eight rectangles of nibbles.
typedef struct {
    uint8_t low[16];
    uint8_t high[16];
} lt_byte_set;

// Not ASCII, or a control character other than tab and line feed.
static const lt_byte_set lt_gate_stops = {
    {3, 3, 3, 3, 3, 3, 3, 3, 3, 1, 1, 3, 3, 3, 3, 3}, {2, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}};

// `<`, `>`, `&`, `]`, a control character other than tab and line feed, and what is not ASCII.
static const lt_byte_set lt_plain_stops = {
    {3, 3, 3, 3, 3, 3, 7, 3, 3, 1, 1, 3, 11, 19, 11, 3}, {2, 1, 4, 8, 0, 16, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}};

// `&`, `<`, `>`, carriage return.
static const lt_byte_set lt_text_specials = {
    {0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 2, 8, 2, 0}, {8, 0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}};

static inline size_t lt_find_plain(const uint8_t *bytes, size_t index, size_t count, const lt_byte_set *set) {
    while (index < count && (set->low[bytes[index] & 15] & set->high[bytes[index] >> 4]) == 0) index++;
    return index;
}

#if defined(__x86_64__)
typedef char lt_v32 __attribute__((vector_size(32), aligned(1)));
typedef char lt_q32 __attribute__((vector_size(32)));
typedef short lt_h16 __attribute__((vector_size(32)));
typedef unsigned short lt_uh16 __attribute__((vector_size(32)));
typedef int lt_i8 __attribute__((vector_size(32)));
typedef unsigned int lt_u8 __attribute__((vector_size(32)));
typedef long long lt_l4 __attribute__((vector_size(32)));

__attribute__((target("avx2"), always_inline)) static inline lt_q32 lt_load32(const uint8_t *bytes) {
    return *(const lt_v32 *)bytes;
}

// The same 16 bytes in both halves, as the shuffles of AVX2 want them.
__attribute__((target("avx2"), always_inline)) static inline lt_q32 lt_twice(const uint8_t *bytes) {
    uint64_t words[4];
    memcpy(words, bytes, 16);
    memcpy(words + 2, bytes, 16);
    return *(const lt_v32 *)words;
}

// One bit for each of 32 bytes that is in the set.
__attribute__((target("avx2"), always_inline))
static inline uint32_t lt_in_set(lt_q32 here, lt_q32 low, lt_q32 high) {
    const lt_q32 nibble = (lt_q32){} + 15, zero = {};
    const lt_q32 upper = (lt_q32)((lt_uh16)here >> 4) & nibble;
    const lt_q32 found = __builtin_ia32_pshufb256(low, here & nibble) & __builtin_ia32_pshufb256(high, upper);
    return ~(uint32_t)__builtin_ia32_pmovmskb256(found == zero);
}

__attribute__((target("avx2"), noinline, unused))
static size_t lt_find_avx2(const uint8_t *bytes, size_t index, size_t count, const lt_byte_set *set) {
    const lt_q32 low = lt_twice(set->low), high = lt_twice(set->high);
    for (; index + 32 <= count; index += 32) {
        const uint32_t found = lt_in_set(lt_load32(bytes + index), low, high);
        if (found != 0) return index + (size_t)__builtin_ctz(found);
    }
    if (index == count) return count;
    // From a copy: what stands behind the last byte is nobody's, and its page may not be there.
    uint8_t rest[32] = {0};
    memcpy(rest, bytes + index, count - index);
    const uint32_t found = lt_in_set(lt_load32(rest), low, high) & (uint32_t)((1ull << (count - index)) - 1);
    return found != 0 ? index + (size_t)__builtin_ctz(found) : count;
}

// Groups of 32 characters to 24 bytes each, until fewer are left or one of them is not of the alphabet;
// method of W. Mula and D. Lemire, "Faster Base64 Encoding and Decoding using AVX2 Instructions" (2018).
__attribute__((target("avx2"), noinline, unused))
static size_t lt_base64_avx2(const uint8_t *characters, size_t count, uint8_t *output) {
    static const uint8_t lows[16] = {0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                     0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A};
    static const uint8_t highs[16] = {0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08,
                                      0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10};
    static const uint8_t rolls[16] = {0, 16, 19, 4, 191, 191, 185, 185, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t order[16] = {2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 0xFF, 0xFF, 0xFF, 0xFF};
    const lt_q32 low_table = lt_twice(lows), high_table = lt_twice(highs), roll_table = lt_twice(rolls);
    const lt_q32 pack = lt_twice(order), slash = (lt_q32){} + 0x2F;
    const lt_i8 lanes = {0, 1, 2, 4, 5, 6, 7, 7};
    size_t index = 0;
    for (; index + 32 <= count; index += 32, output += 24) {
        const lt_q32 text = lt_load32(characters + index);
        const lt_q32 upper = (lt_q32)((lt_u8)text >> 4) & slash;
        const lt_q32 high = __builtin_ia32_pshufb256(high_table, upper);
        const lt_q32 low = __builtin_ia32_pshufb256(low_table, text & slash);
        if (!__builtin_ia32_ptestz256((lt_l4)low, (lt_l4)high)) break;
        const lt_q32 values = text + __builtin_ia32_pshufb256(roll_table, (text == slash) + upper);
        const lt_h16 pairs = __builtin_ia32_pmaddubsw256(values, (lt_q32)((lt_i8){} + 0x01400140));
        const lt_i8 groups = __builtin_ia32_pmaddwd256(pairs, (lt_h16)((lt_i8){} + 0x00011000));
        const lt_q32 packed = __builtin_ia32_pshufb256((lt_q32)groups, pack);
        *(lt_v32 *)output = (lt_v32)(lt_q32)__builtin_ia32_permvarsi256((lt_i8)packed, lanes);
    }
    return index;
}
#endif

// The first index from `index` on whose byte is in `set`; `count` where there is none.
static inline size_t lt_find(const uint8_t *bytes, size_t index, size_t count, const lt_byte_set *set) {
#if defined(__x86_64__)
    // A handful of bytes is through before the vectors are set up.
    if (count - index >= 12 && __builtin_cpu_supports("avx2")) return lt_find_avx2(bytes, index, count, set);
#endif
    return lt_find_plain(bytes, index, count, set);
}

static inline size_t lt_find_gate_stop(const uint8_t *bytes, size_t index, size_t count) {
    return lt_find(bytes, index, count, &lt_gate_stops);
}

static inline size_t lt_find_plain_stop(const uint8_t *bytes, size_t index, size_t count) {
    return lt_find(bytes, index, count, &lt_plain_stops);
}

static inline size_t lt_find_text_special(const uint8_t *bytes, size_t index, size_t count) {
    return lt_find(bytes, index, count, &lt_text_specials);
}

// Decodes whole groups of characters from the beginning, as many as it can at once; the number of characters
// that it took, a multiple of 32. Writes up to 8 bytes more than three quarters of that.
static inline size_t lt_base64_decode(const uint8_t *characters, size_t count, uint8_t *output) {
#if defined(__x86_64__)
    if (count >= 32 && __builtin_cpu_supports("avx2")) return lt_base64_avx2(characters, count, output);
#endif
    return 0;
}

static inline int lt_equal(const void *left, const void *right, size_t count) {
    return memcmp(left, right, count) == 0;
}
