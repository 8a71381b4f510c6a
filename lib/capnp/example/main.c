// SPDX-License-Identifier: Apache-2.0
//
// Writes two contacts to the file contacts.bin, reads them back and prints them. The same file can
// be read by the stock tool:
//     capnp convert binary:text contacts.capnp Contacts < contacts.bin

#include <contacts.capnp.h>

#include <stdio.h>
#include <string.h>

static struct capnp_text text_of(const char *text)
{
    return (struct capnp_text){text, (uint32_t)strlen(text)};
}

static void fill(struct contacts_builder contacts)
{
    struct person_builder_list people = contacts_init_people(contacts, 2);
    struct person_builder alice = person_builder_at(people, 0);
    person_set_id(alice, 123);
    person_set_name(alice, text_of("Alice"));
    person_set_email(alice, text_of("alice@example.com"));
    struct person_phone_builder_list phones = person_init_phones(alice, 1);
    person_phone_set_number(person_phone_builder_at(phones, 0), text_of("555-1212"));
    person_set_employment_employer(alice, text_of("a school"));
    struct person_builder bob = person_builder_at(people, 1);
    person_set_id(bob, 456);
    person_set_name(bob, text_of("Bob"));
    person_set_employment_unemployed(bob);
}

static bool save(const char *path)
{
    static uint64_t buffer[1024]; // the message is built here: the library allocates nothing
    struct capnp_builder builder;
    capnp_builder_init(&builder, buffer, sizeof(buffer));
    fill(contacts_build(&builder));
    if (builder.error != CAPNP_OK) {
        fprintf(stderr, "%s\n", capnp_error_text(builder.error));
        return false;
    }
    // The frame of a stream, so that other programs know where the message ends.
    uint8_t head[CAPNP_FRAME_HEAD_BYTES_MAX];
    struct capnp_buffer message = capnp_builder_buffer(&builder);
    capnp_frame_head(head, &message, 1);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        return false;
    }
    fwrite(head, 1, capnp_frame_head_size(1), file);
    fwrite(message.bytes, 1, message.used, file);
    return fclose(file) == 0;
}

static void print(struct person_reader person)
{
    static const char *const types[] = {"mobile", "home", "work"};
    printf("%s (%u) %s\n", person_get_name(person).data, person_get_id(person),
           person_get_email(person).data);
    struct person_phone_reader_list phones = person_get_phones(person);
    for (uint32_t i = 0; i < phones.l.count; i++) {
        struct person_phone_reader phone = person_phone_reader_at(phones, i);
        enum person_phone_type type = person_phone_get_type(phone);
        // Whoever wrote the message may know types that this program doesn't.
        printf("  phone: %s (%s)\n", person_phone_get_number(phone).data,
               type <= PERSON_PHONE_TYPE_WORK ? types[type] : "another type");
    }
    switch (person_employment_which(person)) {
    case PERSON_EMPLOYMENT_UNEMPLOYED:
        printf("  unemployed\n");
        break;
    case PERSON_EMPLOYMENT_EMPLOYER:
        printf("  works for %s\n", person_get_employment_employer(person).data);
        break;
    }
}

static bool load(const char *path)
{
    static uint8_t bytes[8192];
    struct capnp_segment segments[8]; // other programs may write several
    uint64_t size = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return false;
    }
    size_t got = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    capnp_frame_open(segments, 8, bytes, got, UINT32_MAX, &size);
    struct capnp_message *message = &segments[0].message;
    struct person_reader_list people = contacts_get_people(contacts_read(message));
    for (uint32_t i = 0; i < people.l.count; i++) {
        print(person_reader_at(people, i));
    }
    // Reading never fails half way: what is malformed reads as its default, and the first thing
    // that was wrong is asked for once.
    if (message->error != CAPNP_OK) {
        fprintf(stderr, "%s: %s\n", path, capnp_error_text(message->error));
        return false;
    }
    return true;
}

int main(void)
{
    return save("contacts.bin") && load("contacts.bin") ? 0 : 1;
}
