// SPDX-License-Identifier: Apache-2.0
//
// Who may do what to a securable thing, as [MS-DTYP] defines it: security identifiers (2.4.2),
// access masks (2.4.3), ACEs and ACLs (2.4.4, 2.4.5), security descriptors in self-relative binary
// (2.4.6) and as SDDL text (2.5.1), the access check (2.5.3.2) with mandatory integrity (2.5.3.3),
// and the descriptor of a new object under a parent (2.5.3.4). Privileges are those of [MS-LSAD]
// 3.1.1.2.1.
//
// Freestanding, pure, without allocation or writable data. A descriptor lives in its self-relative
// bytes, which are the caller's; `struct descriptor` is a checked view of them. All input is
// hostile: whoever hands over bytes or text gets either a view in which every offset, size and type
// is good, or an error that says what is wrong, where, and what to do about it.
//
//     struct descriptor sd;
//     struct access_error error;
//     uint8_t bytes[DESCRIPTOR_SIZE_MAX];
//     size_t size;
//     if (!sddl_parse(text, text_size, bytes, sizeof(bytes), &size, &error) ||
//         !descriptor_decode(&sd, bytes, size, &error))
//         access_error_print(&error, message, sizeof(message));
//     ...
//     struct access_answer answer = access_check(&sd, &token, SERVICE_START, &mapping);
//     if (!answer.is_allowed) ... answer.reason, answer.missing, answer.ace
//
// Left out on purpose, and refused by name: conditional (callback) ACEs, object ACEs, alarm ACEs,
// resource attributes, scoped policies; SDDL aliases that need a domain.
#ifndef LIB_ACCESS_ACCESS_H
#define LIB_ACCESS_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SID_SUB_AUTHORITIES_MAX = 15,
    SID_SIZE_MAX = 8 + 4 * SID_SUB_AUTHORITIES_MAX,
    SID_TEXT_MAX = 184,          // characters of the longest SID, and its final zero
    DESCRIPTOR_SIZE_MAX = 65536, // bytes of one descriptor
    SERVICE_NAME_MAX = 256,      // characters of a service's name
    ACCESS_ERROR_TEXT_MAX = 256, // what access_error_print() writes at most, its zero included
};

// ---- Errors ----

// What was found. Texts and remedies: access_error_print().
enum access_fact {
    ACCESS_FACT_NONE,
    // Binary: `at` is the offset of the field in the descriptor's bytes.
    ACCESS_FACT_CUT_OFF,           // a structure reaches beyond the end; value: bytes needed
    ACCESS_FACT_TOO_BIG,           // more than DESCRIPTOR_SIZE_MAX bytes; value: bytes
    ACCESS_FACT_REVISION,          // value: the revision found
    ACCESS_FACT_NOT_SELF_RELATIVE, // value: the control bits
    ACCESS_FACT_OFFSET,            // an offset into the header, or not of whole words; value: it
    ACCESS_FACT_CONTROL,           // an offset without its present bit; value: the control bits
    ACCESS_FACT_SID_COUNT,         // more than 15 sub-authorities; value: their number
    ACCESS_FACT_ACL_SIZE,          // smaller than its header, or not of whole words; value: it
    ACCESS_FACT_ACE_SIZE,          // not what its SID needs; value: the size found
    ACCESS_FACT_ACE_TYPE,          // a type that is not supported; value: the type (2.4.4.1)
    ACCESS_FACT_ACE_PLACE,         // a type in the wrong list; value: the type
    ACCESS_FACT_LABEL_SID,         // a mandatory label whose SID is no integrity level
    // Text: `at` is the offset of the character.
    ACCESS_FACT_TEXT_COMPONENT,  // none of O: G: D: S: here
    ACCESS_FACT_TEXT_TWICE,      // a second O:, G:, D: or S:
    ACCESS_FACT_TEXT_SID,        // neither S-1-... nor a known alias
    ACCESS_FACT_TEXT_SID_DOMAIN, // an alias that needs a domain
    ACCESS_FACT_TEXT_ACL_FLAG,   // none of P AR AI NO_ACCESS_CONTROL
    ACCESS_FACT_TEXT_ACE,        // "(", ";" or ")" is missing
    ACCESS_FACT_TEXT_ACE_TYPE,   // a type that is not supported; value: the type, 255 if unknown
    ACCESS_FACT_TEXT_ACE_PLACE,  // a type in the wrong list; value: the type
    ACCESS_FACT_TEXT_ACE_FLAG,   // an unknown flag
    ACCESS_FACT_TEXT_RIGHT,      // an unknown right, or a number of more than 32 bits
    ACCESS_FACT_TEXT_GUID,       // an object GUID in an ACE without one
    ACCESS_FACT_TEXT_LABEL_SID,  // a mandatory label whose SID is no integrity level
    ACCESS_FACT_TEXT_ACL_SIZE,   // a list of more than 65,535 bytes
    ACCESS_FACT_ROOM,            // the caller's buffer is too small; value: bytes needed
    // Names: `at` is the offset of the character.
    ACCESS_FACT_NAME_SIZE,      // an empty name, or one too long; value: its size
    ACCESS_FACT_NAME_CHARACTER, // not printable ASCII; value: the byte
    ACCESS_FACT_COUNT,
};

struct access_error {
    enum access_fact fact;
    uint32_t at;
    uint32_t value;
};

// Writes "byte 20: ACE type ACCESS_ALLOWED_CALLBACK_ACE (9) is not supported; ..." with its remedy,
// cut to `size` bytes with the final zero. Returns the length written. `size` is at least 1.
size_t access_error_print(const struct access_error *error, char *out, size_t size);

// ---- Security identifiers (2.4.2) ----

// In memory as in packets (2.4.2.2), but for the byte order of the sub-authorities and for the room
// behind the last one, which is zero: two SIDs are equal if and only if their bytes are.
struct sid {
    uint8_t revision; // 1
    uint8_t count;    // sub-authorities in use
    uint8_t authority[6];
    uint32_t sub[SID_SUB_AUTHORITIES_MAX];
};

bool sid_is_equal(const struct sid *left, const struct sid *right);

// Bytes of a SID in packets.
static inline uint32_t sid_size(const struct sid *sid)
{
    return 8 + 4 * (uint32_t)sid->count;
}

// From and to the bytes of 2.4.2.2. Bytes behind the SID are ignored. `out` has room for
// sid_size().
bool sid_decode(struct sid *sid, const uint8_t *bytes, size_t size, struct access_error *error);
void sid_encode(const struct sid *sid, uint8_t *out);

// From "S-1-5-32-544" (2.4.2.1) or an SDDL alias such as "BA" (2.5.1.1); all of the text. To
// "S-1-...", with a final zero; `out` has SID_TEXT_MAX bytes. Returns the length.
bool sid_parse(struct sid *sid, const char *text, size_t size, struct access_error *error);
size_t sid_print(const struct sid *sid, char *out);

extern const struct sid sid_everyone;        // S-1-1-0
extern const struct sid sid_creator_owner;   // S-1-3-0
extern const struct sid sid_creator_group;   // S-1-3-1
extern const struct sid sid_owner_rights;    // S-1-3-4
extern const struct sid sid_anonymous;       // S-1-5-7
extern const struct sid sid_system;          // S-1-5-18
extern const struct sid sid_local_service;   // S-1-5-19
extern const struct sid sid_network_service; // S-1-5-20
extern const struct sid sid_administrators;  // S-1-5-32-544

// The SID of a service's name: S-1-5-80 and the five little-endian words of the SHA-1 of the
// upper-cased name in UTF-16LE. Names are of 1 to SERVICE_NAME_MAX printable ASCII characters, so
// that upper case is beyond doubt.
bool sid_of_service(struct sid *sid, const char *name, size_t size, struct access_error *error);

// ---- Integrity levels (2.4.4.13, and S-1-16-level of 2.4.2.4) ----

enum integrity {
    INTEGRITY_UNTRUSTED = 0x0000,
    INTEGRITY_LOW = 0x1000,
    INTEGRITY_MEDIUM = 0x2000,
    INTEGRITY_MEDIUM_PLUS = 0x2100,
    INTEGRITY_HIGH = 0x3000,
    INTEGRITY_SYSTEM = 0x4000,
    INTEGRITY_PROTECTED = 0x5000,
};

struct sid sid_of_integrity(uint32_t level);
// False if it isn't S-1-16-level.
bool integrity_find(const struct sid *sid, uint32_t *level);

// ---- Privileges ([MS-LSAD] 3.1.1.2.1) ----

// A privilege is the number of its LUID; a set of them is one word of bits.
enum privilege {
    PRIVILEGE_CREATE_TOKEN = 2,
    PRIVILEGE_ASSIGN_PRIMARY_TOKEN = 3,
    PRIVILEGE_LOCK_MEMORY = 4,
    PRIVILEGE_INCREASE_QUOTA = 5,
    PRIVILEGE_MACHINE_ACCOUNT = 6,
    PRIVILEGE_TCB = 7,
    PRIVILEGE_SECURITY = 8,
    PRIVILEGE_TAKE_OWNERSHIP = 9,
    PRIVILEGE_LOAD_DRIVER = 10,
    PRIVILEGE_SYSTEM_PROFILE = 11,
    PRIVILEGE_SYSTEM_TIME = 12,
    PRIVILEGE_PROFILE_SINGLE_PROCESS = 13,
    PRIVILEGE_INCREASE_BASE_PRIORITY = 14,
    PRIVILEGE_CREATE_PAGEFILE = 15,
    PRIVILEGE_CREATE_PERMANENT = 16,
    PRIVILEGE_BACKUP = 17,
    PRIVILEGE_RESTORE = 18,
    PRIVILEGE_SHUTDOWN = 19,
    PRIVILEGE_DEBUG = 20,
    PRIVILEGE_AUDIT = 21,
    PRIVILEGE_SYSTEM_ENVIRONMENT = 22,
    PRIVILEGE_CHANGE_NOTIFY = 23,
    PRIVILEGE_REMOTE_SHUTDOWN = 24,
    PRIVILEGE_UNDOCK = 25,
    PRIVILEGE_SYNC_AGENT = 26,
    PRIVILEGE_ENABLE_DELEGATION = 27,
    PRIVILEGE_MANAGE_VOLUME = 28,
    PRIVILEGE_IMPERSONATE = 29,
    PRIVILEGE_CREATE_GLOBAL = 30,
    PRIVILEGE_TRUSTED_CREDENTIALS = 31,
    PRIVILEGE_RELABEL = 32,
    PRIVILEGE_INCREASE_WORKING_SET = 33,
    PRIVILEGE_TIME_ZONE = 34,
    PRIVILEGE_CREATE_SYMBOLIC_LINK = 35,
    PRIVILEGE_DELEGATE_SESSION_USER = 36,
    PRIVILEGE_END,
};

static inline uint64_t privilege_bit(enum privilege privilege)
{
    return UINT64_C(1) << privilege;
}

// By name, "SeShutdownPrivilege", in any case; false if there is none. And back; NULL if the number
// is none.
bool privilege_find(const char *name, size_t size, enum privilege *privilege);
const char *privilege_name(enum privilege privilege);

// ---- Rights (2.4.3) ----

#define ACCESS_DELETE          UINT32_C(0x00010000)
#define ACCESS_READ_CONTROL    UINT32_C(0x00020000)
#define ACCESS_WRITE_DAC       UINT32_C(0x00040000)
#define ACCESS_WRITE_OWNER     UINT32_C(0x00080000)
#define ACCESS_SYNCHRONIZE     UINT32_C(0x00100000)
#define ACCESS_SYSTEM_SECURITY UINT32_C(0x01000000)
#define ACCESS_MAXIMUM_ALLOWED UINT32_C(0x02000000)
#define ACCESS_GENERIC_ALL     UINT32_C(0x10000000)
#define ACCESS_GENERIC_EXECUTE UINT32_C(0x20000000)
#define ACCESS_GENERIC_WRITE   UINT32_C(0x40000000)
#define ACCESS_GENERIC_READ    UINT32_C(0x80000000)

// What the generic rights mean for one kind of object. No generic bits in it.
struct access_mapping {
    uint32_t read, write, execute, all;
};

// `mask` with its generic rights replaced.
uint32_t access_mask_map(uint32_t mask, const struct access_mapping *mapping);

// ---- Descriptors (2.4.6) ----

enum {
    DESCRIPTOR_OWNER_DEFAULTED = 0x0001,
    DESCRIPTOR_GROUP_DEFAULTED = 0x0002,
    DESCRIPTOR_DACL_PRESENT = 0x0004,
    DESCRIPTOR_DACL_DEFAULTED = 0x0008,
    DESCRIPTOR_SACL_PRESENT = 0x0010,
    DESCRIPTOR_SACL_DEFAULTED = 0x0020,
    DESCRIPTOR_DACL_INHERIT_REQUIRED = 0x0100, // SDDL "AR"
    DESCRIPTOR_SACL_INHERIT_REQUIRED = 0x0200,
    DESCRIPTOR_DACL_INHERITED = 0x0400, // SDDL "AI"
    DESCRIPTOR_SACL_INHERITED = 0x0800,
    DESCRIPTOR_DACL_PROTECTED = 0x1000, // SDDL "P"
    DESCRIPTOR_SACL_PROTECTED = 0x2000,
    DESCRIPTOR_SELF_RELATIVE = 0x8000,
};

enum {
    ACE_ALLOWED = 0,
    ACE_DENIED = 1,
    ACE_AUDIT = 2,
    ACE_MANDATORY_LABEL = 0x11,
};

enum {
    ACE_OBJECT_INHERIT = 0x01,
    ACE_CONTAINER_INHERIT = 0x02,
    ACE_NO_PROPAGATE = 0x04,
    ACE_INHERIT_ONLY = 0x08,
    ACE_INHERITED = 0x10,
    ACE_AUDIT_SUCCESS = 0x40,
    ACE_AUDIT_FAILURE = 0x80,
};

// Rights of a mandatory label (2.4.4.13): what a lower level may not do.
enum {
    LABEL_NO_WRITE_UP = 1,
    LABEL_NO_READ_UP = 2,
    LABEL_NO_EXECUTE_UP = 4,
};

// A list inside of a descriptor's bytes.
struct acl {
    const uint8_t *bytes; // NULL: there is none
    uint32_t size;
    uint32_t count; // ACEs
};

// A view of bytes that descriptor_decode() found good; it is good for as long as they stay as they
// are. To keep a descriptor, keep its bytes, and decode again.
struct descriptor {
    uint16_t control;
    bool has_owner, has_group;
    struct sid owner, group;
    // With DESCRIPTOR_DACL_PRESENT and without bytes it is the null list, which allows everything
    // to everybody; without the bit there is no list, which means the same.
    struct acl dacl, sacl;
};

struct ace {
    uint8_t type;  // ACE_ALLOWED, ...
    uint8_t flags; // ACE_OBJECT_INHERIT | ...
    uint32_t mask;
    struct sid sid;
};

// Checks everything once: what comes later can't fail. `bytes` may have any alignment.
bool descriptor_decode(struct descriptor *descriptor, const uint8_t *bytes, size_t size,
                       struct access_error *error);

// The ACEs of a list in order: start with {0}; false when there are no more.
struct ace_place {
    uint32_t index; // of the ACE that the next call returns
    uint32_t offset;
};
bool acl_next(const struct acl *acl, struct ace_place *place, struct ace *ace);

// Writes the self-relative bytes of a descriptor, in the order of the example in 2.5.1.4: header,
// SACL, DACL, owner, group. The view's lists may be those of other descriptors; the present bits
// and DESCRIPTOR_SELF_RELATIVE need not be set where there is something.
bool descriptor_encode(const struct descriptor *descriptor, uint8_t *out, size_t out_size,
                       size_t *size, struct access_error *error);

// ---- SDDL (2.5.1) ----

// "O:SYG:BAD:P(A;;GA;;;SY)(A;;GR;;;BA)S:(ML;;NW;;;HI)" to self-relative bytes, in any case, without
// blanks; components in any order, each at most once. "D:NO_ACCESS_CONTROL" is the null list.
bool sddl_parse(const char *text, size_t text_size, uint8_t *out, size_t out_size, size_t *size,
                struct access_error *error);

// And back, with a final zero that `*size` doesn't count: parsing gives the same descriptor, but
// for the defaulted bits, which SDDL doesn't have. Known SIDs and rights by their aliases.
bool sddl_print(const struct descriptor *descriptor, char *out, size_t out_size, size_t *size,
                struct access_error *error);

// ---- The check (2.5.3.2) ----

// Who asks: the session's identity. Storage of the groups is the caller's.
struct access_token {
    struct sid user;
    const struct sid *groups;
    uint32_t groups_count;
    uint32_t integrity;  // enum integrity, or a level in between
    uint64_t privileges; // privilege_bit() | ...
};

bool access_token_has(const struct access_token *token, const struct sid *sid);

enum access_reason {
    ACCESS_ALLOWED,
    ACCESS_DENIED_BY_ACE,       // `ace` is the DACL's entry that denies
    ACCESS_DENIED_NOT_GRANTED,  // no entry grants what is missing
    ACCESS_DENIED_BY_INTEGRITY, // the object's label forbids it to the caller's level
    ACCESS_DENIED_BY_PRIVILEGE, // ACCESS_SYSTEM_SECURITY without SeSecurityPrivilege
};

struct access_answer {
    bool is_allowed;
    enum access_reason reason;
    uint32_t granted; // allowed: the rights asked for, or with ACCESS_MAXIMUM_ALLOWED all there are
    uint32_t missing; // denied: of the rights asked for, those that this reason withholds
    uint32_t ace;     // of ACCESS_DENIED_BY_ACE: index in the DACL
};

// May the token have all of `desired`? Generic rights in it and in the ACEs are mapped. In order:
//
// 1. ACCESS_SYSTEM_SECURITY needs SeSecurityPrivilege, and no ACE can give it.
// 2. The mandatory label: an object without one is medium, no write up. SeRelabelPrivilege lifts it
//    off WRITE_OWNER.
// 3. SeTakeOwnershipPrivilege gives WRITE_OWNER to who asks for it.
// 4. The owner has READ_CONTROL and WRITE_DAC, unless an effective ACE names OWNER RIGHTS.
// 5. Where there is no DACL, everything is allowed.
// 6. The ACEs in order: the first that speaks of a right decides it. Inherit-only ones don't speak.
//
// Asking for nothing is allowed. ACCESS_MAXIMUM_ALLOWED asks for whatever there is, beside the
// other rights in `desired`; it is denied when there is nothing.
struct access_answer access_check(const struct descriptor *descriptor,
                                  const struct access_token *token, uint32_t desired,
                                  const struct access_mapping *mapping);

// "no entry of the list grants it" and the like.
const char *access_reason_text(enum access_reason reason);

// ---- Inheritance (2.5.3.4) ----

struct descriptor_creation {
    const struct descriptor *parent;  // NULL: the object has none
    const struct descriptor *creator; // what its creator wants; NULL: nothing
    const struct sid *owner, *group;  // of the creator: used where `creator` has none
    const struct access_mapping *mapping;
    bool is_container;
};

// The self-relative bytes of a new object's descriptor: the creator's own entries, then those that
// the parent hands down (unless the creator's list is protected), with CREATOR OWNER and CREATOR
// GROUP replaced and generic rights mapped in what is effective. Where neither has a list for it,
// the object's DACL is empty: it gives nothing to anybody but the owner.
bool descriptor_inherit(const struct descriptor_creation *creation, uint8_t *out, size_t out_size,
                        size_t *size, struct access_error *error);

#endif
