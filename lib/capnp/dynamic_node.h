// SPDX-License-Identifier: Apache-2.0
//
// Schemas as data: accessors for the parts of a CodeGeneratorRequest (what `capnp compile` tells
// its plugins) that the generator and the dynamic side (dynamic.h) need. Written by hand, for it is
// what generated accessors are generated with. Internal to those two: its names have no prefix.
//
// Each function names a field of /usr/include/capnp/schema.capnp (Cap'n Proto 0.9) and gives its
// place as `capnp compile -ocapnp` prints it. Unknown union tags read as numbers outside the enums.

#ifndef LIB_CAPNP_DYNAMIC_NODE_H
#define LIB_CAPNP_DYNAMIC_NODE_H

#include "lib/capnp/capnp.h"

enum node_kind { NODE_FILE, NODE_STRUCT, NODE_ENUM, NODE_INTERFACE, NODE_CONST, NODE_ANNOTATION };

enum type_kind {
    TYPE_VOID,
    TYPE_BOOL,
    TYPE_INT8,
    TYPE_INT16,
    TYPE_INT32,
    TYPE_INT64,
    TYPE_UINT8,
    TYPE_UINT16,
    TYPE_UINT32,
    TYPE_UINT64,
    TYPE_FLOAT32,
    TYPE_FLOAT64,
    TYPE_TEXT,
    TYPE_DATA,
    TYPE_LIST,
    TYPE_ENUM,
    TYPE_STRUCT,
    TYPE_INTERFACE,
    TYPE_ANY_POINTER,
    TYPE_KIND_COUNT
};

enum { NO_DISCRIMINANT = 0xffff };

// The pseudo-struct that `-> stream` methods answer with, in /capnp/stream.capnp.
static const uint64_t STREAM_RESULT_ID = UINT64_C(0x995f9a3377c0b16e);

static inline struct capnp_text schema_text(struct capnp_struct_reader reader, uint16_t index)
{
    return capnp_get_text(reader, index, (struct capnp_text){"", 0});
}

static inline struct capnp_list_reader schema_list(struct capnp_struct_reader reader,
                                                   uint16_t index)
{
    return capnp_get_list(reader, index, CAPNP_ELEMENT_STRUCT, NULL);
}

// ---- CodeGeneratorRequest, RequestedFile, Import ----

static inline struct capnp_list_reader request_nodes(struct capnp_struct_reader request)
{
    return schema_list(request, 0);
}

static inline struct capnp_list_reader request_files(struct capnp_struct_reader request)
{
    return schema_list(request, 1);
}

static inline struct capnp_list_reader request_source_info(struct capnp_struct_reader request)
{
    return schema_list(request, 3);
}

static inline uint64_t file_id(struct capnp_struct_reader file)
{
    return capnp_get_u64(file, 0, 0);
}

static inline struct capnp_text file_name(struct capnp_struct_reader file)
{
    return schema_text(file, 0);
}

static inline struct capnp_list_reader file_imports(struct capnp_struct_reader file)
{
    return schema_list(file, 1);
}

static inline uint64_t import_id(struct capnp_struct_reader import)
{
    return capnp_get_u64(import, 0, 0);
}

static inline struct capnp_text import_name(struct capnp_struct_reader import)
{
    return schema_text(import, 0);
}

// ---- Node.SourceInfo and its members ----

static inline uint64_t info_id(struct capnp_struct_reader info)
{
    return capnp_get_u64(info, 0, 0);
}

static inline struct capnp_text info_doc(struct capnp_struct_reader info)
{
    return schema_text(info, 0);
}

static inline struct capnp_list_reader info_members(struct capnp_struct_reader info)
{
    return schema_list(info, 1);
}

static inline struct capnp_text member_doc(struct capnp_struct_reader member)
{
    return schema_text(member, 0);
}

// ---- Node ----

static inline uint32_t display_name_prefix(struct capnp_struct_reader node)
{
    return capnp_get_u32(node, 8, 0);
}

static inline struct capnp_list_reader node_parameters(struct capnp_struct_reader node)
{
    return schema_list(node, 5);
}

static inline uint64_t node_id(struct capnp_struct_reader node)
{
    return capnp_get_u64(node, 0, 0);
}

static inline struct capnp_text node_display_name(struct capnp_struct_reader node)
{
    return schema_text(node, 0);
}

static inline uint64_t node_scope_id(struct capnp_struct_reader node)
{
    return capnp_get_u64(node, 16, 0);
}

static inline struct capnp_list_reader node_nested(struct capnp_struct_reader node)
{
    return schema_list(node, 1);
}

static inline uint64_t nested_id(struct capnp_struct_reader nested)
{
    return capnp_get_u64(nested, 0, 0);
}

static inline struct capnp_list_reader node_annotations(struct capnp_struct_reader node)
{
    return schema_list(node, 2);
}

static inline uint64_t annotation_id(struct capnp_struct_reader annotation)
{
    return capnp_get_u64(annotation, 0, 0);
}

static inline struct capnp_struct_reader annotation_value(struct capnp_struct_reader annotation)
{
    return capnp_get_struct(annotation, 0, NULL);
}

static inline enum node_kind node_kind(struct capnp_struct_reader node)
{
    return (enum node_kind)capnp_get_u16(node, 12, 0);
}

static inline uint16_t struct_data_words(struct capnp_struct_reader node)
{
    return capnp_get_u16(node, 14, 0);
}

static inline uint16_t struct_pointer_words(struct capnp_struct_reader node)
{
    return capnp_get_u16(node, 24, 0);
}

static inline bool struct_is_group(struct capnp_struct_reader node)
{
    return capnp_get_bool(node, 224, false);
}

static inline uint16_t struct_discriminant_count(struct capnp_struct_reader node)
{
    return capnp_get_u16(node, 30, 0);
}

// In bytes.
static inline uint32_t struct_discriminant_offset(struct capnp_struct_reader node)
{
    return capnp_get_u32(node, 32, 0) * 2;
}

static inline struct capnp_list_reader struct_fields(struct capnp_struct_reader node)
{
    return schema_list(node, 3);
}

static inline struct capnp_list_reader enum_enumerants(struct capnp_struct_reader node)
{
    return schema_list(node, 3);
}

static inline struct capnp_list_reader interface_methods(struct capnp_struct_reader node)
{
    return schema_list(node, 3);
}

static inline struct capnp_list_reader interface_superclasses(struct capnp_struct_reader node)
{
    return schema_list(node, 4);
}

static inline uint64_t superclass_id(struct capnp_struct_reader superclass)
{
    return capnp_get_u64(superclass, 0, 0);
}

static inline struct capnp_struct_reader const_type(struct capnp_struct_reader node)
{
    return capnp_get_struct(node, 3, NULL);
}

static inline struct capnp_struct_reader const_value(struct capnp_struct_reader node)
{
    return capnp_get_struct(node, 4, NULL);
}

// ---- Field, Enumerant, Method ----

static inline struct capnp_text member_name(struct capnp_struct_reader member)
{
    return schema_text(member, 0);
}

static inline uint16_t member_code_order(struct capnp_struct_reader member)
{
    return capnp_get_u16(member, 0, 0);
}

static inline uint16_t field_discriminant(struct capnp_struct_reader field)
{
    return capnp_get_u16(field, 2, NO_DISCRIMINANT);
}

static inline bool field_is_group(struct capnp_struct_reader field)
{
    return capnp_get_u16(field, 8, 0) == 1;
}

// In units of the field's size.
static inline uint32_t slot_offset(struct capnp_struct_reader field)
{
    return capnp_get_u32(field, 4, 0);
}

static inline struct capnp_struct_reader slot_type(struct capnp_struct_reader field)
{
    return capnp_get_struct(field, 2, NULL);
}

static inline struct capnp_struct_reader slot_default(struct capnp_struct_reader field)
{
    return capnp_get_struct(field, 3, NULL);
}

static inline uint64_t group_type_id(struct capnp_struct_reader field)
{
    return capnp_get_u64(field, 16, 0);
}

static inline uint64_t method_param_type(struct capnp_struct_reader method)
{
    return capnp_get_u64(method, 8, 0);
}

static inline uint64_t method_result_type(struct capnp_struct_reader method)
{
    return capnp_get_u64(method, 16, 0);
}

// Node.Parameter, of generic nodes and methods.
static inline struct capnp_text parameter_name(struct capnp_struct_reader parameter)
{
    return schema_text(parameter, 0);
}

// ---- Type ----

static inline enum type_kind type_kind(struct capnp_struct_reader type)
{
    return (enum type_kind)capnp_get_u16(type, 0, 0);
}

static inline struct capnp_struct_reader list_element_type(struct capnp_struct_reader type)
{
    return capnp_get_struct(type, 0, NULL);
}

// Of enums, structs and interfaces.
static inline uint64_t type_id(struct capnp_struct_reader type)
{
    return capnp_get_u64(type, 8, 0);
}

static inline bool any_pointer_is_struct(struct capnp_struct_reader type)
{
    return capnp_get_u16(type, 8, 0) == 0 && capnp_get_u16(type, 10, 0) == 1;
}

static inline bool any_pointer_is_capability(struct capnp_struct_reader type)
{
    return capnp_get_u16(type, 8, 0) == 0 && capnp_get_u16(type, 10, 0) == 3;
}

// Of a type, in contrast to one of a method.
static inline bool any_pointer_is_of_scope(struct capnp_struct_reader type)
{
    return capnp_get_u16(type, 8, 0) == 1;
}

static inline uint64_t any_pointer_scope_id(struct capnp_struct_reader type)
{
    return capnp_get_u64(type, 16, 0);
}

static inline uint16_t any_pointer_parameter_index(struct capnp_struct_reader type)
{
    return capnp_get_u16(type, 10, 0);
}

// ---- Brand: of enums, structs and interfaces ----

static inline struct capnp_list_reader type_brand_scopes(struct capnp_struct_reader type)
{
    return schema_list(capnp_get_struct(type, 0, NULL), 0);
}

static inline uint64_t brand_scope_id(struct capnp_struct_reader scope)
{
    return capnp_get_u64(scope, 0, 0);
}

static inline bool brand_scope_is_inherited(struct capnp_struct_reader scope)
{
    return capnp_get_u16(scope, 8, 0) == 1;
}

static inline struct capnp_list_reader brand_scope_bindings(struct capnp_struct_reader scope)
{
    return schema_list(scope, 0);
}

static inline bool binding_is_type(struct capnp_struct_reader binding)
{
    return capnp_get_u16(binding, 0, 0) == 1;
}

static inline struct capnp_struct_reader binding_type(struct capnp_struct_reader binding)
{
    return capnp_get_struct(binding, 0, NULL);
}

// ---- Value ----

static inline enum type_kind value_kind(struct capnp_struct_reader value)
{
    return (enum type_kind)capnp_get_u16(value, 0, 0);
}

// The pointer of text, data, list, struct and any-pointer values.
enum { VALUE_POINTER = 0 };

static inline bool value_bool(struct capnp_struct_reader value)
{
    return capnp_get_bool(value, 16, false);
}

static inline uint8_t value_u8(struct capnp_struct_reader value)
{
    return capnp_get_u8(value, 2, 0);
}

static inline uint16_t value_u16(struct capnp_struct_reader value)
{
    return capnp_get_u16(value, 2, 0);
}

static inline uint32_t value_u32(struct capnp_struct_reader value)
{
    return capnp_get_u32(value, 4, 0);
}

static inline uint64_t value_u64(struct capnp_struct_reader value)
{
    return capnp_get_u64(value, 8, 0);
}

#endif
