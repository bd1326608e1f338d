package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.constants.DomainCreateFlags;
import org.wardian.libvirt.constants.DomainDestroyFlags;
import org.wardian.libvirt.constants.DomainPausedReason;
import org.wardian.libvirt.constants.DomainRunningReason;
import org.wardian.libvirt.constants.DomainShutdownFlags;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainCreateWithFilesRet;
import org.wardian.libvirt.wire.remote.DomainCreateWithFlagsRet;
import org.wardian.libvirt.wire.remote.DomainCreateXmlRet;
import org.wardian.libvirt.wire.remote.DomainCreateXmlWithFilesRet;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Start, pause, reset and end of machines. */
final class LifeProcedures extends DomainProcedures {
  private static final int START_FLAGS = 0x3f;

  private final SavedMachines saved;

  LifeProcedures(DomainParts parts, SavedMachines saved) {
    super(parts);
    this.saved = saved;
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(
        RemoteProgram.DOMAIN_CREATE_XML,
        (call, args) -> new DomainCreateXmlRet(create(call, args.xmlDesc(), args.flags())));
    handlers.on(
        RemoteProgram.DOMAIN_CREATE_XML_WITH_FILES,
        (call, args) -> {
          refuseFiles(call);
          return new DomainCreateXmlWithFilesRet(create(call, args.xmlDesc(), args.flags()));
        });
    handlers.act(RemoteProgram.DOMAIN_CREATE, (call, args) -> start(call, args.dom(), 0));
    handlers.on(
        RemoteProgram.DOMAIN_CREATE_WITH_FLAGS,
        (call, args) -> new DomainCreateWithFlagsRet(start(call, args.dom(), args.flags())));
    handlers.on(
        RemoteProgram.DOMAIN_CREATE_WITH_FILES,
        (call, args) -> {
          refuseFiles(call);
          return new DomainCreateWithFilesRet(start(call, args.dom(), args.flags()));
        });
    handlers.act(RemoteProgram.DOMAIN_DESTROY, (call, args) -> destroy(args.dom(), 0));
    handlers.act(
        RemoteProgram.DOMAIN_DESTROY_FLAGS,
        (call, args) -> {
          call.checkFlags(
              args.flags(), DomainDestroyFlags.GRACEFUL | DomainDestroyFlags.REMOVE_LOGS);
          destroy(args.dom(), args.flags());
        });
    handlers.act(
        RemoteProgram.DOMAIN_SUSPEND,
        (call, args) -> {
          Domain domain = find(args.dom());
          domain.perform("suspend", () -> life().suspend(domain, DomainPausedReason.USER.number()));
        });
    handlers.act(
        RemoteProgram.DOMAIN_RESUME,
        (call, args) -> {
          Domain domain = find(args.dom());
          domain.perform(
              "resume", () -> life().resume(domain, DomainRunningReason.UNPAUSED.number()));
        });
    handlers.act(RemoteProgram.DOMAIN_SHUTDOWN, (call, args) -> shutDown(args.dom(), 0));
    handlers.act(
        RemoteProgram.DOMAIN_SHUTDOWN_FLAGS,
        (call, args) -> {
          call.checkFlags(
              args.flags(), DomainShutdownFlags.ACPI_POWER_BTN | DomainShutdownFlags.GUEST_AGENT);
          shutDown(args.dom(), args.flags());
        });
    handlers.act(
        RemoteProgram.DOMAIN_REBOOT,
        (call, args) -> {
          call.checkFlags(
              args.flags(), DomainShutdownFlags.ACPI_POWER_BTN | DomainShutdownFlags.GUEST_AGENT);
          reboot(args.dom(), args.flags());
        });
    handlers.act(
        RemoteProgram.DOMAIN_RESET,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          Domain domain = find(args.dom());
          domain.perform("reset", () -> reset(domain));
        });
  }

  private static void refuseFiles(Call call) throws LibvirtException {
    var files = call.takeDescriptors();
    if (!files.isEmpty()) {
      files.forEach(org.wardian.host.Descriptor::close);
      throw Refusal.notSupported(
          "files for the guest's first program: its machine is a process of its own");
    }
  }

  private DomainRef create(Call call, String xml, int flags) throws LibvirtException {
    call.checkFlags(flags, START_FLAGS);
    DomainDocument document = parts().xml().define(xml);
    DefinitionProcedures.requireName(document.name());
    UUID uuid = DefinitionProcedures.uuid(document);
    Domain known = table().get(uuid);
    table().requireFree(document.name(), uuid);
    boolean paused = (flags & DomainCreateFlags.START_PAUSED) != 0;
    Domain domain = known != null ? known : new Domain(uuid, DomainFacts.inactive(document, false));
    domain.perform(
        "create",
        () -> {
          if (known != null && known.isActive()) {
            throw Refusal.notNow("domain is already active as '" + known.name() + "'");
          }
          if (known == null) {
            table().add(domain, document.name());
          }
          try {
            if (known == null) {
              domain.update(now -> transientOf(document));
            }
            life().start(domain, new Lifecycle.Order(paused, java.util.Optional.empty(), document));
          } catch (LibvirtException | RuntimeException e) {
            if (!domain.facts().isPersistent()) {
              table().remove(domain);
            }
            throw e;
          }
        });
    autodestroy(call, domain, flags);
    return domain.ref();
  }

  /** Without a definition: what is there is what it will run with. */
  private static DomainFacts transientOf(DomainDocument document) {
    return new DomainFacts(null, document, -1, DomainState.SHUTOFF, 0, false, false);
  }

  private DomainRef start(Call call, DomainRef ref, int flags) throws LibvirtException {
    call.checkFlags(flags, START_FLAGS);
    Domain domain = find(ref);
    boolean paused = (flags & DomainCreateFlags.START_PAUSED) != 0;
    domain.perform(
        "create",
        () -> {
          if (domain.isActive()) {
            throw Refusal.notNow("domain is already running");
          }
          Path image = files().managedSave(domain.name());
          if ((flags & DomainCreateFlags.START_FORCE_BOOT) != 0) {
            deleteSave(image);
          }
          if (Files.exists(image)) {
            saved.restoreManaged(domain, image, paused);
          } else {
            life().start(domain, Lifecycle.Order.boot(paused));
          }
        });
    autodestroy(call, domain, flags);
    return domain.ref();
  }

  private static void deleteSave(Path image) throws LibvirtException {
    try {
      Files.deleteIfExists(image);
    } catch (IOException e) {
      throw Refusal.system("cannot remove managed save file " + image, e);
    }
  }

  /** Ends the machine with the client that started it, where that was asked for. */
  private void autodestroy(Call call, Domain domain, int flags) {
    if ((flags & DomainCreateFlags.START_AUTODESTROY) == 0) {
      return;
    }
    Machine machine = domain.machine();
    call.session()
        .whenClosed(() -> {
          if (machine != null && domain.machine() == machine) {
            Thread.ofVirtual()
                .name("autodestroy")
                .start(() -> {
                  try {
                    life().destroy(domain, false);
                  } catch (LibvirtException e) {
                    // It has ended meanwhile.
                  }
                });
          }
        });
  }

  private void destroy(DomainRef ref, int flags) throws LibvirtException {
    Domain domain = find(ref);
    life().destroy(domain, (flags & DomainDestroyFlags.GRACEFUL) != 0);
    if ((flags & DomainDestroyFlags.REMOVE_LOGS) != 0) {
      try {
        Files.deleteIfExists(files().log(ref.name()));
      } catch (IOException | RuntimeException e) {
        throw Refusal.failed("the log of the machine is not removed: " + e.getMessage(), e);
      }
    }
  }

  private void shutDown(DomainRef ref, int flags) throws LibvirtException {
    Domain domain = find(ref);
    Machine machine = domain.running();
    if ((flags & DomainShutdownFlags.GUEST_AGENT) != 0) {
      parts().agents().shutdown(domain, "powerdown");
      return;
    }
    machine.setRebooting(false);
    machine.execute("system_powerdown");
  }

  /** The guest is told to switch off, and then started anew. */
  private void reboot(DomainRef ref, int flags) throws LibvirtException {
    Domain domain = find(ref);
    Machine machine = domain.running();
    if ((flags & DomainShutdownFlags.GUEST_AGENT) != 0) {
      parts().agents().shutdown(domain, "reboot");
      return;
    }
    machine.setRebooting(true);
    machine.execute("system_powerdown");
  }

  private void reset(Domain domain) throws LibvirtException {
    Machine machine = domain.running();
    machine.execute("system_reset");
    if (domain.facts().state() == DomainState.CRASHED) {
      // QEMU's way: after a reset it waits for a resume.
      domain.enter(DomainState.PAUSED, DomainPausedReason.CRASHED.number());
      life().writeStatus(domain);
    }
  }

  /** An error of a domain that is not there any more. */
  static LibvirtException gone(String name) {
    return new LibvirtException(ErrorNumber.NO_DOMAIN, ErrorDomain.QEMU, name);
  }
}
