// SPDX-License-Identifier: Apache-2.0
//
// Identities and rights: whose session a process gets, who may notify, which descriptor decides,
// and what those learn who may not query a service.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "system/init/manager/right.h"
#include "system/init/manager/test/scene.h"

static const struct sid *const nobody = &sid_network_service;

static uint32_t missing(const char *name, const struct sid *user)
{
    struct access_token token = scene.token;

    token.user = *user;
    return right_missing(&scene.manager, name != NULL ? scene_slot(name) : NO_SERVICE, &token,
                         name != NULL ? RIGHT_SERVICE_ALL : RIGHT_SYSTEM_ALL);
}

static struct session_order last_step, last_run;
static uint32_t run_activation;

static void see_session(void *context, const struct action *action)
{
    (void)context;
    if (action->kind == ACTION_STEP && action->definition->is_builtin == false) {
        last_step = action->session;
    } else if (action->kind == ACTION_RUN && action->definition != NULL) {
        last_run = action->session;
        run_activation = action->activation;
    }
}

static void boot_seen(const char *services)
{
    scene_clear();
    scene_prepare(services);
    scene.world.see_action = see_session;
    world_boot(&scene.world, 0);
    scene_run(3000);
}

// INIT-4.1
static void a_session_has_the_service_sid_and_loses_privileges_only(void **state)
{
    struct sid expected, groups[2];
    struct access_error error;
    struct access_token base = {.user = sid_local_service,
                                .groups = &sid_everyone,
                                .groups_count = 1,
                                .privileges = privilege_bit(PRIVILEGE_AUDIT) |
                                              privilege_bit(PRIVILEGE_DEBUG)};
    (void)state;

    boot_seen(
        "{'web': {'ImagePath': 'x', 'Triggers': 'boot', 'Identity': 'NetworkService',"
        "'RequiredPrivileges': ['SeAuditPrivilege', 'SeShutdownPrivilege']}}");
    assert_int_equal(scene_state("web"), STATE_ACTIVE);
    assert_string_equal(last_step.identity, "NetworkService");
    assert_true(sid_of_service(&expected, "WEB", 3, &error));
    struct access_token token = session_apply(&last_step, &base, groups);
    assert_true(access_token_has(&token, &expected));
    assert_true(access_token_has(&token, &sid_everyone));
    assert_int_equal(token.groups_count, 2);
    assert_true(token.privileges == privilege_bit(PRIVILEGE_AUDIT));
    // Without the field nothing is taken away, and nothing is given.
    boot_seen("{'web': {'ImagePath': 'x', 'Triggers': 'boot'}}");
    assert_string_equal(last_step.identity, "LocalService");
    assert_true(session_apply(&last_step, &base, groups).privileges == base.privileges);
}

// INIT-4.1 INIT-4.2
static void hooks_run_as_hook_identity_or_as_the_service(void **state)
{
    (void)state;
    boot_seen(
        "{'a': {'ImagePath': 'x', 'Triggers': 'boot', 'Identity': 'Other',"
        "'ExecStartPre': 'p', 'HookIdentity': 'Hooks'}}");
    assert_string_equal(last_run.identity, "Hooks");
    assert_string_equal(last_step.identity, "Other");
    boot_seen(
        "{'a': {'ImagePath': 'x', 'Triggers': 'boot', 'Identity': 'Other',"
        "'ExecStartPre': 'p'}}");
    assert_string_equal(last_run.identity, "Other");
    boot_seen(
        "{'a': {'ImagePath': 'x', 'Triggers': 'boot', 'Identity': 'Other',"
        "'HookIdentity': 'Hooks', 'HealthCheck': 'c', 'HealthCheckInterval': 1}}");
    assert_string_equal(last_run.identity, "Other");
    // Whose identity nobody knows runs as LocalService, and so do its checks.
    scene_clear();
    scene_prepare(
        "{'a': {'ImagePath': 'x', 'Triggers': 'boot', 'Identity': 'Other',"
        "'HealthCheck': 'c', 'HealthCheckInterval': 1}}");
    scene.world.see_action = see_session;
    scene.world.behaviours[2].failing_step = STEP_IDENTITY + 1;
    world_boot(&scene.world, 0);
    scene_run(3000);
    assert_string_equal(last_step.identity, "LocalService");
    assert_string_equal(last_run.identity, "LocalService");
}

// INIT-5.5
static void notify_access_says_who_may_notify(void **state)
{
    static const char *const choices[] = {"Main", "Hooks", "All"};
    (void)state;

    for (uint32_t access = 0; access < 3; access++) {
        for (uint32_t is_check = 0; is_check < 2; is_check++) {
            char services[256];
            snprintf(services, sizeof(services),
                     "{'a': {'ImagePath': 'x', 'Triggers': 'boot', 'NotifyAccess': '%s', %s}}",
                     choices[access],
                     is_check != 0 ? "'HealthCheck': 'c', 'HealthCheckInterval': 1,"
                                     "'HealthCheckTimeout': 100"
                                   : "'ExecStartPre': 'p'");
            scene_clear();
            scene_prepare(services);
            scene.world.see_action = see_session;
            scene.world.behaviours[2].hook_hangs = true;
            world_boot(&scene.world, 0);
            for (uint32_t i = 0; i < 5000 && scene_slot("a") == NO_SERVICE; i++) {
                scene_run(1);
            }
            const struct service *service = scene_service("a");
            for (uint32_t i = 0;
                 i < 5000 && (is_check != 0 ? service->health_job : service->hook_job) == NO_JOB;
                 i++) {
                scene_run(1);
            }
            uint16_t job = is_check != 0 ? service->health_job : service->hook_job;
            bool is_heard = access == 2 || (access == 1 && is_check == 0);
            assert_int_equal(run_activation, is_heard ? service->activation : 0);
            world_event(&scene.world, &(struct event){.kind = EVENT_NOTIFY,
                                                      .service = scene_slot("a"),
                                                      .activation = service->activation,
                                                      .job = scene.manager.jobs[job].serial,
                                                      .part = NOTIFY_STATUS,
                                                      .text = "from beside"});
            assert_int_equal(strcmp(service->status_text, "from beside") == 0, is_heard);
        }
    }
    // What is no job of this service is nobody.
    struct service *service = scene_service("a");
    uint32_t other = scene.manager.jobs[scene_service("ledger")->main_job].serial;
    for (uint32_t i = 0; i < 2; i++) {
        world_event(&scene.world, &(struct event){.kind = EVENT_NOTIFY,
                                                  .service = scene_slot("a"),
                                                  .activation = service->activation,
                                                  .job = i == 0 ? other : 0xfff7ff,
                                                  .part = NOTIFY_STATUS,
                                                  .text = "a stranger"});
        assert_string_not_equal(service->status_text, "a stranger");
    }
}

// INIT-4.3
static void a_service_without_a_descriptor_inherits_that_of_the_key_above(void **state)
{
    (void)state;
    scene_clear();
    scene.system =
        "'system': {'ServiceSecurity': 'D:(A;CI;0x9;;;NS)(A;;0xf;;;BA)',"
        "'ControlSecurity': 'D:(A;;0x2;;;NS)'},";
    scene_boot(
        "{'a': {'ImagePath': 'x'}, 'b': {'ImagePath': 'x',"
        "'ServiceSecurity': 'D:(A;;0x4;;;NS)'}}");
    assert_int_equal(missing("a", nobody), RIGHT_START | RIGHT_STOP);
    // What is not inheritable is the key's own.
    assert_int_equal(missing("a", &sid_administrators), RIGHT_SERVICE_ALL);
    assert_int_equal(missing("b", nobody), RIGHT_SERVICE_ALL & ~RIGHT_STOP);
    assert_int_equal(missing(NULL, nobody), RIGHT_SHUTDOWN);
    assert_int_equal(missing(NULL, &sid_system), RIGHT_SYSTEM_ALL);
    // New descriptors count at once.
    scene.system = "";
    scene_reconfigure(scene.definitions);
    assert_int_equal(missing("a", nobody), RIGHT_SERVICE_ALL);
    assert_int_equal(missing("a", &sid_system), 0);
    assert_int_equal(missing("a", &sid_administrators), RIGHT_START | RIGHT_INTERROGATE);
    assert_int_equal(missing(NULL, nobody), RIGHT_SYSTEM_ALL);
    assert_int_equal(missing(NULL, &sid_administrators), 0);
}

// INIT-4.3
static void nobody_has_a_right_by_a_descriptor_that_cannot_be_read(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{'a': {'ImagePath': 'x', 'Triggers': 'boot', 'ServiceSecurity': 'D:(bad)'}}");
    assert_int_equal(scene_state("a"), STATE_FAILED);
    assert_int_equal(scene_cause("a"), CAUSE_VALIDATION_ERROR);
    assert_int_equal(missing("a", &sid_system), RIGHT_SERVICE_ALL);
}

// INIT-4.3 INIT-4.4
static void who_has_no_session_sees_public_status_and_does_nothing(void **state)
{
    static const struct {
        enum command command;
        const char *name;
        enum reply_code code;
    } rows[] = {
        {COMMAND_STATUS, "open", REPLY_OK},
        {COMMAND_START, "open", REPLY_ACCESS_DENIED},
        {COMMAND_STATUS, "closed", REPLY_NO_SUCH_SERVICE},
        {COMMAND_STOP, "closed", REPLY_NO_SUCH_SERVICE},
        {COMMAND_SHUTDOWN, "", REPLY_ACCESS_DENIED},
        {COMMAND_RELOAD_CONFIG, "", REPLY_ACCESS_DENIED},
    };
    (void)state;

    scene_clear();
    scene_boot(
        "{'open': {'ImagePath': 'x', 'ServiceSecurity': 'D:(A;;0xf;;;WD)'},"
        "'closed': {'ImagePath': 'x'}}");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct request request = {.command = rows[i].command};
        snprintf(request.service, sizeof(request.service), "%s", rows[i].name);
        assert_int_equal(scene.replies[scene_request(&request)].code, rows[i].code);
    }
    assert_true(scene_said(RECORD_DENIED, "somebody without a session"));
}

// INIT-4.4 INIT-10.2
static void why_and_plan_name_no_service_that_the_asker_may_not_query(void **state)
{
    static char words[8192];
    struct access_token token = {.user = *nobody};
    (void)state;

    scene_clear();
    scene_behave("slow")->ready_ms = WORLD_NEVER;
    scene_behave("secret")->failing_step = STEP_BUILD + 1;
    scene_boot(
        "{'open': {'ImagePath': 'x', 'Triggers': 'boot', 'Requires': 'secret',"
        "'ServiceSecurity': 'D:(A;;0x1;;;NS)(A;;0xf;;;SY)'},"
        "'secret': {'ImagePath': 'x', 'RestartPolicy': 0},"
        "'waits': {'ImagePath': 'x', 'Triggers': 'boot', 'Requires': 'slow',"
        "'Conflicts': 'rival', 'ServiceSecurity': 'D:(A;;0x1;;;NS)(A;;0xf;;;SY)'},"
        "'slow': {'ImagePath': 'x'}, 'rival': {'ImagePath': 'x'}}");
    static const char *const names[] = {"open", "waits"};
    for (uint32_t i = 0; i < 2; i++) {
        struct phrase text = phrase_in(words, sizeof(words));
        why_print(&scene.manager, scene_slot(names[i]), &token, &text);
        plan_tell(&scene.manager, scene_slot(names[i]), &token, &text);
        plan_tell(&scene.manager, NO_SERVICE, &token, &text);
        assert_non_null(strstr(words, "a service that you may not see"));
        assert_null(strstr(words, "secret"));
        assert_null(strstr(words, "slow"));
        assert_null(strstr(words, "rival"));
        // Who may, reads the names.
        text = phrase_in(words, sizeof(words));
        why_print(&scene.manager, scene_slot(names[i]), &scene.token, &text);
        assert_non_null(strstr(words, i == 0 ? "secret: Starting -> Failed" : "slow, which is"));
    }
}

// INIT-4.4 INIT-10.2
static void an_operation_of_a_hidden_service_is_none(void **state)
{
    struct access_token token = {.user = *nobody};
    struct request request = {.command = COMMAND_OPERATION_STATUS, .token = &token};
    (void)state;

    scene_clear();
    scene_boot("{'a': {'ImagePath': 'x'}}");
    request.operation = scene.replies[scene_command(COMMAND_START, "a")].operation;
    assert_int_equal(scene.replies[scene_request(&request)].code, REPLY_NO_SUCH_OPERATION);
    request.token = &scene.token;
    assert_int_equal(scene.replies[scene_request(&request)].code, REPLY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_has_the_service_sid_and_loses_privileges_only),
        cmocka_unit_test(hooks_run_as_hook_identity_or_as_the_service),
        cmocka_unit_test(notify_access_says_who_may_notify),
        cmocka_unit_test(a_service_without_a_descriptor_inherits_that_of_the_key_above),
        cmocka_unit_test(nobody_has_a_right_by_a_descriptor_that_cannot_be_read),
        cmocka_unit_test(who_has_no_session_sees_public_status_and_does_nothing),
        cmocka_unit_test(why_and_plan_name_no_service_that_the_asker_may_not_query),
        cmocka_unit_test(an_operation_of_a_hidden_service_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
