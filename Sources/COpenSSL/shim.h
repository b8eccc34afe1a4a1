#pragma once
// OpenSSL as Debian ships it. What OpenSSL offers only as a macro stands here as an inline function.
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <openssl/core_names.h>
#include <openssl/sha.h>

// The low-level SHA-256 functions are deprecated in favour of EVP, whose set-up costs more than hashing a
// Merkle node does. They are wanted for that one purpose, so the warning is silenced for these three only.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static inline int LT_SHA256_Init(SHA256_CTX *context) { return SHA256_Init(context); }
static inline int LT_SHA256_Update(SHA256_CTX *context, const void *bytes, size_t count) {
    return SHA256_Update(context, bytes, count);
}
static inline int LT_SHA256_Final(unsigned char *digest, SHA256_CTX *context) {
    return SHA256_Final(digest, context);
}
#pragma GCC diagnostic pop

static inline void LT_OPENSSL_free(void *memory) { OPENSSL_free(memory); }

// Typed stack functions are macros; these free a whole extension value.
static inline void LT_ASN1_OBJECT_stack_free(STACK_OF(ASN1_OBJECT) *list) {
    sk_ASN1_OBJECT_pop_free(list, ASN1_OBJECT_free);
}
static inline void LT_CRL_DIST_POINTS_free(STACK_OF(DIST_POINT) *list) { CRL_DIST_POINTS_free(list); }
static inline void LT_AUTHORITY_INFO_ACCESS_free(STACK_OF(ACCESS_DESCRIPTION) *list) {
    AUTHORITY_INFO_ACCESS_free(list);
}
// Stacks of certificates that the stack owns one reference of each.
static inline void LT_X509_stack_free(STACK_OF(X509) *list) { sk_X509_pop_free(list, X509_free); }

// RFC 4514 text, but UTF-8 as such: a person reads "Sở Nội vụ", not "S\E1\BB\9F".
static const unsigned long LT_NAME_FLAGS = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;
static const int LT_MBSTRING_UTF8 = MBSTRING_UTF8;
