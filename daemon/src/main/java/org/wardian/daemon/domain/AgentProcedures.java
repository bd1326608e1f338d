package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.wardian.daemon.typed.Refusal;
import org.wardian.daemon.typed.TypedParams;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainAgentSetResponseTimeoutRet;
import org.wardian.libvirt.wire.remote.DomainAuthorizedSshKeysGetRet;
import org.wardian.libvirt.wire.remote.DomainAuthorizedSshKeysSetArgs;
import org.wardian.libvirt.wire.remote.DomainFsfreezeRet;
import org.wardian.libvirt.wire.remote.DomainFsinfo;
import org.wardian.libvirt.wire.remote.DomainFsthawRet;
import org.wardian.libvirt.wire.remote.DomainGetFsinfoRet;
import org.wardian.libvirt.wire.remote.DomainGetGuestVcpusRet;
import org.wardian.libvirt.wire.remote.DomainGetHostnameArgs;
import org.wardian.libvirt.wire.remote.DomainGetHostnameRet;
import org.wardian.libvirt.wire.remote.DomainGetTimeRet;
import org.wardian.libvirt.wire.remote.DomainPmSuspendForDurationArgs;
import org.wardian.libvirt.wire.remote.DomainSetTimeArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** What the guest's agent does: its clock, its file systems, its users. */
final class AgentProcedures extends DomainProcedures {
  private static final long NANOSECONDS = 1_000_000_000L;

  AgentProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(
        RemoteProgram.DOMAIN_GET_TIME,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          long time = ask(find(args.dom()), "guest-get-time", null).asLong();
          return new DomainGetTimeRet(time / NANOSECONDS, (int) (time % NANOSECONDS));
        });
    handlers.act(RemoteProgram.DOMAIN_SET_TIME, this::setTime);
    handlers.on(RemoteProgram.DOMAIN_GET_HOSTNAME, this::hostname);
    handlers.act(
        RemoteProgram.DOMAIN_SET_USER_PASSWORD,
        (call, args) -> {
          call.checkFlags(args.flags(), 1);
          ask(
              find(args.dom()),
              "guest-set-user-password",
              Machine.arguments()
                  .put("crypted", args.flags() != 0)
                  .put("username", args.user() == null ? "" : args.user())
                  .put("password", base64(args.password() == null ? "" : args.password())));
        });
    handlers.on(
        RemoteProgram.DOMAIN_AGENT_SET_RESPONSE_TIMEOUT,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          if (args.timeout() < -2) {
            throw Refusal.badArgument(
                "guest agent timeout '" + args.timeout() + "' is less than the minimum '-2'");
          }
          parts().agents().setTimeout(find(args.dom()), args.timeout());
          return new DomainAgentSetResponseTimeoutRet(0);
        });
    handlers.on(
        RemoteProgram.DOMAIN_GET_GUEST_VCPUS,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          return new DomainGetGuestVcpusRet(processors(find(args.dom())));
        });
    handlers.on(
        RemoteProgram.DOMAIN_AUTHORIZED_SSH_KEYS_GET,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          List<String> keys = new ArrayList<>();
          ask(
                  find(args.dom()),
                  "guest-ssh-get-authorized-keys",
                  Machine.arguments().put("username", args.user()))
              .path("keys")
              .forEach(key -> keys.add(key.asText()));
          return new DomainAuthorizedSshKeysGetRet(keys);
        });
    handlers.act(RemoteProgram.DOMAIN_AUTHORIZED_SSH_KEYS_SET, this::setKeys);
    handlers.act(RemoteProgram.DOMAIN_PM_SUSPEND_FOR_DURATION, this::sleep);
    handlers.act(
        RemoteProgram.DOMAIN_PM_WAKEUP,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          find(args.dom()).running().execute("system_wakeup");
        });
    registerFileSystems(handlers);
  }

  private void registerFileSystems(HandlerTable handlers) {
    handlers.on(
        RemoteProgram.DOMAIN_FSFREEZE,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          ObjectNode arguments = Machine.arguments();
          if (!args.mountpoints().isEmpty()) {
            args.mountpoints().forEach(arguments.putArray("mountpoints")::add);
          }
          String command =
              args.mountpoints().isEmpty() ? "guest-fsfreeze-freeze" : "guest-fsfreeze-freeze-list";
          return new DomainFsfreezeRet(ask(find(args.dom()), command, arguments).asInt());
        });
    handlers.on(
        RemoteProgram.DOMAIN_FSTHAW,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          if (!args.mountpoints().isEmpty()) {
            throw Refusal.badArgument("specifying mountpoints is not supported");
          }
          return new DomainFsthawRet(ask(find(args.dom()), "guest-fsfreeze-thaw", null).asInt());
        });
    handlers.act(
        RemoteProgram.DOMAIN_FSTRIM,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          if (args.mountPoint() != null) {
            throw Refusal.badArgument("Specifying mount point is not supported for now");
          }
          ask(find(args.dom()), "guest-fstrim", Machine.arguments().put("minimum", args.minimum()));
        });
    handlers.on(
        RemoteProgram.DOMAIN_GET_FSINFO,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          List<DomainFsinfo> all = new ArrayList<>();
          for (JsonNode one : ask(find(args.dom()), "guest-get-fsinfo", null)) {
            List<String> devices = new ArrayList<>();
            one.path("disk").forEach(disk -> devices.add(disk.path("dev").asText("")));
            all.add(
                new DomainFsinfo(
                    one.path("mountpoint").asText(),
                    one.path("name").asText(),
                    one.path("type").asText(),
                    devices));
          }
          return new DomainGetFsinfoRet(all, all.size());
        });
  }

  private JsonNode ask(Domain domain, String command, ObjectNode arguments)
      throws LibvirtException {
    return parts().agents().execute(domain, command, arguments);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private void setTime(Call call, DomainSetTimeArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 1);
    ObjectNode arguments = Machine.arguments();
    if (args.flags() == 0) {
      if (args.seconds() > Long.MAX_VALUE / NANOSECONDS || args.seconds() < 0) {
        throw Refusal.badArgument("Time '" + args.seconds() + "' is too big for guest agent");
      }
      arguments.put("time", args.seconds() * NANOSECONDS + args.nseconds());
    }
    ask(find(args.dom()), "guest-set-time", arguments);
  }

  private DomainGetHostnameRet hostname(Call call, DomainGetHostnameArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 3);
    return new DomainGetHostnameRet(
        ask(find(args.dom()), "guest-get-host-name", null).path("host-name").asText());
  }

  private List<org.wardian.libvirt.wire.remote.TypedParam> processors(Domain domain)
      throws LibvirtException {
    java.util.BitSet all = new java.util.BitSet();
    java.util.BitSet online = new java.util.BitSet();
    java.util.BitSet fixed = new java.util.BitSet();
    for (JsonNode one : ask(domain, "guest-get-vcpus", null)) {
      int id = Math.clamp(one.path("logical-id").asLong(), 0, 4_095);
      all.set(id);
      online.set(id, one.path("online").asBoolean());
      fixed.set(id, one.path("can-offline").asBoolean());
    }
    return new TypedParams()
        .text("vcpus", CpuMaps.format(all))
        .text("online", CpuMaps.format(online))
        .text("offlinable", CpuMaps.format(fixed))
        .list();
  }

  private void setKeys(Call call, DomainAuthorizedSshKeysSetArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 3);
    boolean remove = (args.flags() & 2) != 0;
    ObjectNode arguments = Machine.arguments().put("username", args.user());
    ArrayNode keys = arguments.putArray("keys");
    args.keys().forEach(keys::add);
    if (!remove) {
      arguments.put("reset", (args.flags() & 1) == 0);
    }
    ask(
        find(args.dom()),
        remove ? "guest-ssh-remove-authorized-keys" : "guest-ssh-add-authorized-keys",
        arguments);
  }

  private void sleep(Call call, DomainPmSuspendForDurationArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    Domain domain = find(args.dom());
    domain.running();
    if (args.duration() != 0) {
      throw Refusal.qemu(
          org.wardian.libvirt.constants.ErrorNumber.ARGUMENT_UNSUPPORTED,
          "Duration not supported. Use 0 for now");
    }
    boolean memory = args.target() != 1;
    DomainDocument document = domain.facts().document();
    if (!(memory ? document.suspendToMemory() : document.suspendToDisk()).orElse(true)) {
      throw Refusal.notNow((memory ? "S3" : "S4") + " state is disabled for this domain");
    }
    if (memory && !document.canSleep()) {
      throw Refusal.qemu(
          org.wardian.libvirt.constants.ErrorNumber.OPERATION_UNSUPPORTED,
          "Domain does not have suspend support");
    }
    String command =
        switch (args.target()) {
          case 0 -> "guest-suspend-ram";
          case 1 -> "guest-suspend-disk";
          case 2 -> "guest-suspend-hybrid";
          default -> throw Refusal.badArgument("Unknown suspend target: " + args.target());
        };
    parts().agents().suspend(domain, command);
  }
}
