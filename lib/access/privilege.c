// SPDX-License-Identifier: Apache-2.0
//
// The names of privileges ([MS-LSAD] 3.1.1.2.1).
#include <string.h>

#include "lib/access/parts.h"

static const char *const names[PRIVILEGE_END] = {
    [PRIVILEGE_CREATE_TOKEN] = "SeCreateTokenPrivilege",
    [PRIVILEGE_ASSIGN_PRIMARY_TOKEN] = "SeAssignPrimaryTokenPrivilege",
    [PRIVILEGE_LOCK_MEMORY] = "SeLockMemoryPrivilege",
    [PRIVILEGE_INCREASE_QUOTA] = "SeIncreaseQuotaPrivilege",
    [PRIVILEGE_MACHINE_ACCOUNT] = "SeMachineAccountPrivilege",
    [PRIVILEGE_TCB] = "SeTcbPrivilege",
    [PRIVILEGE_SECURITY] = "SeSecurityPrivilege",
    [PRIVILEGE_TAKE_OWNERSHIP] = "SeTakeOwnershipPrivilege",
    [PRIVILEGE_LOAD_DRIVER] = "SeLoadDriverPrivilege",
    [PRIVILEGE_SYSTEM_PROFILE] = "SeSystemProfilePrivilege",
    [PRIVILEGE_SYSTEM_TIME] = "SeSystemtimePrivilege",
    [PRIVILEGE_PROFILE_SINGLE_PROCESS] = "SeProfileSingleProcessPrivilege",
    [PRIVILEGE_INCREASE_BASE_PRIORITY] = "SeIncreaseBasePriorityPrivilege",
    [PRIVILEGE_CREATE_PAGEFILE] = "SeCreatePagefilePrivilege",
    [PRIVILEGE_CREATE_PERMANENT] = "SeCreatePermanentPrivilege",
    [PRIVILEGE_BACKUP] = "SeBackupPrivilege",
    [PRIVILEGE_RESTORE] = "SeRestorePrivilege",
    [PRIVILEGE_SHUTDOWN] = "SeShutdownPrivilege",
    [PRIVILEGE_DEBUG] = "SeDebugPrivilege",
    [PRIVILEGE_AUDIT] = "SeAuditPrivilege",
    [PRIVILEGE_SYSTEM_ENVIRONMENT] = "SeSystemEnvironmentPrivilege",
    [PRIVILEGE_CHANGE_NOTIFY] = "SeChangeNotifyPrivilege",
    [PRIVILEGE_REMOTE_SHUTDOWN] = "SeRemoteShutdownPrivilege",
    [PRIVILEGE_UNDOCK] = "SeUndockPrivilege",
    [PRIVILEGE_SYNC_AGENT] = "SeSyncAgentPrivilege",
    [PRIVILEGE_ENABLE_DELEGATION] = "SeEnableDelegationPrivilege",
    [PRIVILEGE_MANAGE_VOLUME] = "SeManageVolumePrivilege",
    [PRIVILEGE_IMPERSONATE] = "SeImpersonatePrivilege",
    [PRIVILEGE_CREATE_GLOBAL] = "SeCreateGlobalPrivilege",
    [PRIVILEGE_TRUSTED_CREDENTIALS] = "SeTrustedCredManAccessPrivilege",
    [PRIVILEGE_RELABEL] = "SeRelabelPrivilege",
    [PRIVILEGE_INCREASE_WORKING_SET] = "SeIncreaseWorkingSetPrivilege",
    [PRIVILEGE_TIME_ZONE] = "SeTimeZonePrivilege",
    [PRIVILEGE_CREATE_SYMBOLIC_LINK] = "SeCreateSymbolicLinkPrivilege",
    [PRIVILEGE_DELEGATE_SESSION_USER] = "SeDelegateSessionUserImpersonatePrivilege",
};

static bool is_same(const char *left, const char *right, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (upper(left[i]) != upper(right[i]))
            return false;
    return true;
}

bool privilege_find(const char *name, size_t size, enum privilege *privilege)
{
    for (uint32_t i = PRIVILEGE_CREATE_TOKEN; i < PRIVILEGE_END; i++) {
        if (strlen(names[i]) == size && is_same(names[i], name, size)) {
            *privilege = (enum privilege)i;
            return true;
        }
    }
    return false;
}

const char *privilege_name(enum privilege privilege)
{
    return (uint32_t)privilege < PRIVILEGE_END ? names[privilege] : NULL;
}
