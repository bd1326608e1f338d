package org.wardian.daemon.domain;

import java.util.List;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.constants.DomainControlState;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainGetControlInfoRet;
import org.wardian.libvirt.wire.remote.DomainGetInfoRet;
import org.wardian.libvirt.wire.remote.DomainGetLaunchSecurityInfoRet;
import org.wardian.libvirt.wire.remote.DomainGetMaxMemoryRet;
import org.wardian.libvirt.wire.remote.DomainGetMaxVcpusRet;
import org.wardian.libvirt.wire.remote.DomainGetMessagesRet;
import org.wardian.libvirt.wire.remote.DomainGetOsTypeRet;
import org.wardian.libvirt.wire.remote.DomainGetSecurityLabelListRet;
import org.wardian.libvirt.wire.remote.DomainGetSecurityLabelRet;
import org.wardian.libvirt.wire.remote.DomainGetStateRet;
import org.wardian.libvirt.wire.remote.DomainIsActiveRet;
import org.wardian.libvirt.wire.remote.DomainIsPersistentRet;
import org.wardian.libvirt.wire.remote.DomainIsUpdatedRet;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** What a domain is and does, as far as it needs no question to the machine. */
final class StateProcedures extends DomainProcedures {
  StateProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(
        RemoteProgram.DOMAIN_GET_STATE,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          DomainFacts facts = find(args.dom()).facts();
          return new DomainGetStateRet(facts.state().number(), facts.reason());
        });
    handlers.on(RemoteProgram.DOMAIN_GET_INFO, (call, args) -> info(args.dom()));
    handlers.on(
        RemoteProgram.DOMAIN_IS_ACTIVE,
        (call, args) -> new DomainIsActiveRet(find(args.dom()).isActive() ? 1 : 0));
    handlers.on(
        RemoteProgram.DOMAIN_IS_PERSISTENT,
        (call, args) -> new DomainIsPersistentRet(find(args.dom()).facts().isPersistent() ? 1 : 0));
    handlers.on(
        RemoteProgram.DOMAIN_IS_UPDATED,
        (call, args) -> new DomainIsUpdatedRet(find(args.dom()).facts().updated() ? 1 : 0));
    handlers.on(
        RemoteProgram.DOMAIN_GET_OS_TYPE,
        (call, args) ->
            new DomainGetOsTypeRet(
                java.util.Objects.requireNonNullElse(
                    find(args.dom()).facts().document().root().textAt("os/type"), "hvm")));
    handlers.on(
        RemoteProgram.DOMAIN_GET_MAX_MEMORY,
        (call, args) -> new DomainGetMaxMemoryRet(find(args.dom()).facts().document().memoryKib()));
    handlers.on(
        RemoteProgram.DOMAIN_GET_MAX_VCPUS,
        (call, args) ->
            new DomainGetMaxVcpusRet(find(args.dom()).facts().document().mostProcessors()));
    handlers.on(RemoteProgram.DOMAIN_GET_CONTROL_INFO, (call, args) -> control(args.dom()));
    registerWhatThereIsNot(handlers);
  }

  /** Questions that have an answer, which is that there is nothing of it here. */
  private void registerWhatThereIsNot(HandlerTable handlers) {
    handlers.on(
        RemoteProgram.DOMAIN_GET_SECURITY_LABEL,
        (call, args) -> {
          find(args.dom());
          return new DomainGetSecurityLabelRet("", 0);
        });
    handlers.on(
        RemoteProgram.DOMAIN_GET_SECURITY_LABEL_LIST,
        (call, args) -> {
          find(args.dom());
          return new DomainGetSecurityLabelListRet(List.of(), 0);
        });
    handlers.on(
        RemoteProgram.DOMAIN_GET_LAUNCH_SECURITY_INFO,
        (call, args) -> {
          find(args.dom());
          return new DomainGetLaunchSecurityInfoRet(List.of());
        });
    handlers.on(
        RemoteProgram.DOMAIN_GET_MESSAGES,
        (call, args) -> {
          find(args.dom());
          return new DomainGetMessagesRet(List.of());
        });
  }

  private DomainGetInfoRet info(DomainRef ref) throws LibvirtException {
    Domain domain = find(ref);
    DomainFacts facts = domain.facts();
    DomainDocument document = facts.document();
    Machine machine = domain.machine();
    return new DomainGetInfoRet(
        facts.state().number(),
        document.memoryKib(),
        document.currentMemoryKib(),
        document.processors(),
        machine == null ? 0 : ProcessTimes.of(machine.pid()).total());
  }

  private DomainGetControlInfoRet control(DomainRef ref) throws LibvirtException {
    Domain domain = find(ref);
    domain.running();
    DomainControlState state =
        domain.isBusy() ? DomainControlState.OCCUPIED : DomainControlState.OK;
    return new DomainGetControlInfoRet(state.number(), 0, 0);
  }
}
