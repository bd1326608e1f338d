package org.wardian.daemon;

import java.util.Locale;
import java.util.Set;
import org.wardian.libvirt.wire.Procedure;

/** How much a client may do. */
public enum Role {
  /** Looks, and changes nothing. */
  READ_ONLY,
  /** Uses what is there: starts, stops, saves, types; defines and removes nothing. */
  OPERATOR,
  /** Everything. */
  ADMINISTRATOR;

  /** Permissions of {@code remote.tbl} that an operator has. */
  private static final Set<String> OPERATOR_MAY =
      Set.of(
          "none",
          "connect:getattr",
          "connect:read",
          "connect:search_domains",
          "connect:search_networks",
          "connect:search_storage_pools",
          "connect:search_node_devices",
          "connect:search_interfaces",
          "connect:search_secrets",
          "connect:search_nwfilters",
          "connect:search_nwfilter_bindings",
          "domain:getattr",
          "domain:read",
          "domain:start",
          "domain:stop",
          "domain:reset",
          "domain:suspend",
          "domain:hibernate",
          "domain:init_control",
          "domain:inject_nmi",
          "domain:pm_control",
          "domain:send_input",
          "domain:send_signal",
          "domain:fs_trim",
          "domain:fs_freeze",
          "domain:set_time",
          "domain:screenshot",
          "domain:open_device",
          "domain:open_graphics",
          "domain:core_dump",
          "network:getattr",
          "network:read",
          "network:start",
          "network:stop",
          "network:search_ports",
          "network_port:getattr",
          "network_port:read",
          "interface:getattr",
          "interface:read",
          "interface:start",
          "interface:stop",
          "storage_pool:getattr",
          "storage_pool:read",
          "storage_pool:start",
          "storage_pool:stop",
          "storage_pool:refresh",
          "storage_pool:search_storage_vols",
          "storage_vol:getattr",
          "storage_vol:read",
          "storage_vol:data_read",
          "node_device:getattr",
          "node_device:read",
          "nwfilter:getattr",
          "nwfilter:read",
          "nwfilter_binding:getattr",
          "nwfilter_binding:read",
          "secret:getattr",
          "secret:read");

  /** Whether an operator may call a procedure; what depends on its flags counts as needed. */
  static boolean operatorMay(Procedure<?, ?> procedure) {
    return procedure.permissions().stream()
        .filter(one -> one.indexOf(':', one.indexOf(':') + 1) < 0)
        .allMatch(OPERATOR_MAY::contains);
  }

  /** From its name in the configuration: {@code read-only}, {@code operator}, ... */
  static Role parse(String name) {
    for (Role role : values()) {
      if (role.toString().equals(name)) {
        return role;
      }
    }
    throw new IllegalArgumentException(
        "'" + name + "' is no role; there are read-only, operator and administrator");
  }

  /** Its name in the configuration. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
