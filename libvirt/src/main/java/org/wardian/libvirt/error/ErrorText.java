package org.wardian.libvirt.error;

import java.util.EnumMap;
import java.util.Map;
import org.wardian.libvirt.constants.ErrorNumber;

/**
 * The words that libvirt puts before the detail of an error. Scripts compare them, so ours are the
 * same.
 */
final class ErrorText {
  private static final Map<ErrorNumber, String> PLAIN = plain();

  private ErrorText() {}

  /**
   * The format of an error, with {@code %s} for the detail; without one where {@code detail} is
   * empty.
   */
  static String format(ErrorNumber number, String detail) {
    return switch (number) {
      case XML_DETAIL, SYSTEM_ERROR, RPC, GNUTLS_ERROR ->
          detail.isEmpty() ? PLAIN.get(number) : "%s";
      case STORAGE_VOL_EXIST ->
          detail.isEmpty()
              ? "this storage volume exists already"
              : "storage volume '%s' exists already";
      case DOM_EXIST ->
          detail.isEmpty() ? "this domain exists already" : "domain %s exists already";
      case NETWORK_EXIST ->
          detail.isEmpty() ? "this network exists already" : "network %s exists already";
      case NO_CONNECT ->
          detail.isEmpty() ? PLAIN.get(number) : "no connection driver available for %s";
      case OS_TYPE -> detail.isEmpty() ? "unknown OS type" : "unknown OS type %s";
      default -> {
        String words = PLAIN.getOrDefault(number, "error " + number.number());
        if (detail.isEmpty()) {
          yield words;
        }
        yield words.endsWith(" in") ? words + " %s" : words + ": %s";
      }
    };
  }

  private static Map<ErrorNumber, String> plain() {
    Map<ErrorNumber, String> texts = new EnumMap<>(ErrorNumber.class);
    texts.put(ErrorNumber.INTERNAL_ERROR, "internal error");
    texts.put(ErrorNumber.NO_MEMORY, "out of memory");
    texts.put(ErrorNumber.NO_SUPPORT, "this function is not supported by the connection driver");
    texts.put(ErrorNumber.UNKNOWN_HOST, "unknown host");
    texts.put(ErrorNumber.NO_CONNECT, "no connection driver available");
    texts.put(ErrorNumber.INVALID_CONN, "invalid connection pointer in");
    texts.put(ErrorNumber.INVALID_DOMAIN, "invalid domain pointer in");
    texts.put(ErrorNumber.INVALID_ARG, "invalid argument");
    texts.put(ErrorNumber.OPERATION_FAILED, "operation failed");
    texts.put(ErrorNumber.NO_KERNEL, "missing kernel information");
    texts.put(ErrorNumber.NO_NAME, "missing name information");
    texts.put(ErrorNumber.NO_OS, "missing operating system information");
    texts.put(ErrorNumber.NO_DEVICE, "missing devices information");
    texts.put(ErrorNumber.CALL_FAILED, "library call failed");
    texts.put(ErrorNumber.XML_ERROR, "XML error");
    texts.put(ErrorNumber.OPERATION_DENIED, "operation forbidden");
    texts.put(ErrorNumber.OPEN_FAILED, "failed to open configuration file");
    texts.put(ErrorNumber.READ_FAILED, "failed to read configuration file");
    texts.put(ErrorNumber.PARSE_FAILED, "failed to parse configuration file");
    texts.put(ErrorNumber.CONF_SYNTAX, "configuration file syntax error");
    texts.put(ErrorNumber.WRITE_FAILED, "failed to write configuration file");
    texts.put(ErrorNumber.XML_DETAIL, "parser error");
    texts.put(ErrorNumber.INVALID_NETWORK, "invalid network pointer in");
    texts.put(ErrorNumber.SYSTEM_ERROR, "system call error");
    texts.put(ErrorNumber.RPC, "RPC error");
    texts.put(ErrorNumber.GNUTLS_ERROR, "GNUTLS call error");
    texts.put(ErrorNumber.NO_DOMAIN, "Domain not found");
    texts.put(ErrorNumber.NO_NETWORK, "Network not found");
    texts.put(ErrorNumber.INVALID_MAC, "invalid MAC address");
    texts.put(ErrorNumber.AUTH_FAILED, "authentication failed");
    texts.put(ErrorNumber.INVALID_STORAGE_POOL, "invalid storage pool pointer in");
    texts.put(ErrorNumber.INVALID_STORAGE_VOL, "invalid storage volume pointer in");
    texts.put(ErrorNumber.NO_STORAGE_POOL, "Storage pool not found");
    texts.put(ErrorNumber.NO_STORAGE_VOL, "Storage volume not found");
    texts.put(ErrorNumber.INVALID_NODE_DEVICE, "invalid node device pointer");
    texts.put(ErrorNumber.NO_NODE_DEVICE, "Node device not found");
    texts.put(ErrorNumber.NO_SECURITY_MODEL, "Security model not found");
    texts.put(ErrorNumber.OPERATION_INVALID, "Requested operation is not valid");
    texts.put(ErrorNumber.NO_INTERFACE, "Interface not found");
    texts.put(ErrorNumber.INVALID_INTERFACE, "invalid interface pointer in");
    texts.put(ErrorNumber.MULTIPLE_INTERFACES, "multiple matching interfaces found");
    texts.put(ErrorNumber.INVALID_NWFILTER, "Invalid network filter");
    texts.put(ErrorNumber.NO_NWFILTER, "Network filter not found");
    texts.put(ErrorNumber.BUILD_FIREWALL, "Error while building firewall");
    texts.put(ErrorNumber.INVALID_SECRET, "Invalid secret");
    texts.put(ErrorNumber.NO_SECRET, "Secret not found");
    texts.put(ErrorNumber.CONFIG_UNSUPPORTED, "unsupported configuration");
    texts.put(ErrorNumber.OPERATION_TIMEOUT, "Timed out during operation");
    texts.put(
        ErrorNumber.MIGRATE_PERSIST_FAILED, "Failed to make domain persistent after migration");
    texts.put(ErrorNumber.HOOK_SCRIPT_FAILED, "Hook script execution failed");
    texts.put(ErrorNumber.INVALID_DOMAIN_SNAPSHOT, "Invalid snapshot");
    texts.put(ErrorNumber.NO_DOMAIN_SNAPSHOT, "Domain snapshot not found");
    texts.put(ErrorNumber.INVALID_STREAM, "invalid stream pointer");
    texts.put(ErrorNumber.ARGUMENT_UNSUPPORTED, "argument unsupported");
    texts.put(ErrorNumber.STORAGE_PROBE_FAILED, "Storage pool probe failed");
    texts.put(ErrorNumber.STORAGE_POOL_BUILT, "Storage pool already built");
    texts.put(ErrorNumber.SNAPSHOT_REVERT_RISKY, "revert requires force");
    texts.put(ErrorNumber.OPERATION_ABORTED, "operation aborted");
    texts.put(ErrorNumber.AUTH_CANCELLED, "authentication cancelled");
    texts.put(ErrorNumber.NO_DOMAIN_METADATA, "metadata not found");
    texts.put(ErrorNumber.MIGRATE_UNSAFE, "Unsafe migration");
    texts.put(ErrorNumber.OVERFLOW, "numerical overflow");
    texts.put(ErrorNumber.BLOCK_COPY_ACTIVE, "block copy still active");
    texts.put(ErrorNumber.OPERATION_UNSUPPORTED, "Operation not supported");
    texts.put(ErrorNumber.SSH, "SSH transport error");
    texts.put(ErrorNumber.AGENT_UNRESPONSIVE, "Guest agent is not responding");
    texts.put(ErrorNumber.RESOURCE_BUSY, "resource busy");
    texts.put(ErrorNumber.ACCESS_DENIED, "access denied");
    texts.put(ErrorNumber.DBUS_SERVICE, "error from service");
    texts.put(ErrorNumber.CPU_INCOMPATIBLE, "the CPU is incompatible with host CPU");
    texts.put(ErrorNumber.XML_INVALID_SCHEMA, "XML document failed to validate against schema");
    texts.put(ErrorNumber.MIGRATE_FINISH_OK, "migration successfully aborted");
    texts.put(ErrorNumber.AUTH_UNAVAILABLE, "authentication unavailable");
    texts.put(ErrorNumber.NO_SERVER, "Server not found");
    texts.put(ErrorNumber.NO_CLIENT, "Client not found");
    texts.put(
        ErrorNumber.AGENT_UNSYNCED, "guest agent replied with wrong id to guest-sync command");
    texts.put(ErrorNumber.LIBSSH, "libssh transport error");
    texts.put(ErrorNumber.DEVICE_MISSING, "device not found");
    texts.put(ErrorNumber.INVALID_NWFILTER_BINDING, "Invalid network filter binding");
    texts.put(ErrorNumber.NO_NWFILTER_BINDING, "Network filter binding not found");
    texts.put(ErrorNumber.INVALID_DOMAIN_CHECKPOINT, "Invalid domain checkpoint");
    texts.put(ErrorNumber.NO_DOMAIN_CHECKPOINT, "Domain checkpoint not found");
    texts.put(ErrorNumber.NO_DOMAIN_BACKUP, "Domain backup job id not found");
    texts.put(ErrorNumber.INVALID_NETWORK_PORT, "Invalid network port pointer");
    texts.put(ErrorNumber.NO_NETWORK_PORT, "network port not found");
    texts.put(ErrorNumber.NO_HOSTNAME, "no hostname found");
    texts.put(ErrorNumber.CHECKPOINT_INCONSISTENT, "checkpoint inconsistent");
    texts.put(ErrorNumber.MULTIPLE_DOMAINS, "more than one matching domain found");
    return texts;
  }
}
