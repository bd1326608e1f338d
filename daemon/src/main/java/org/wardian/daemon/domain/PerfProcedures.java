package org.wardian.daemon.domain;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.wardian.daemon.typed.ParamReader;
import org.wardian.daemon.typed.Refusal;
import org.wardian.daemon.typed.TypedParams;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainGetPerfEventsArgs;
import org.wardian.libvirt.wire.remote.DomainGetPerfEventsRet;
import org.wardian.libvirt.wire.remote.DomainSetPerfEventsArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/**
 * Which of the host's counters a domain wants to have ({@code <perf>}). The definition keeps it; no
 * counter is read, so none can be switched on for a running machine.
 */
final class PerfProcedures extends DomainProcedures {
  /** libvirt's names, in its order. */
  private static final List<String> EVENTS =
      List.of(
          "cmt",
          "mbmt",
          "mbml",
          "cpu_cycles",
          "instructions",
          "cache_references",
          "cache_misses",
          "branch_instructions",
          "branch_misses",
          "bus_cycles",
          "stalled_cycles_frontend",
          "stalled_cycles_backend",
          "ref_cpu_cycles",
          "cpu_clock",
          "task_clock",
          "page_faults",
          "context_switches",
          "cpu_migrations",
          "page_faults_min",
          "page_faults_maj",
          "alignment_faults",
          "emulation_faults");

  PerfProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(RemoteProgram.DOMAIN_GET_PERF_EVENTS, this::events);
    handlers.act(RemoteProgram.DOMAIN_SET_PERF_EVENTS, this::setEvents);
  }

  private DomainGetPerfEventsRet events(Call call, DomainGetPerfEventsArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 7);
    Domain domain = find(args.dom());
    Impact impact = Impact.ofLook(domain, args.flags());
    TypedParams all = new TypedParams();
    for (String event : EVENTS) {
      all.bool(event, impact.config() && isEnabled(domain.facts().config(), event));
    }
    return new DomainGetPerfEventsRet(all.list());
  }

  private static boolean isEnabled(DomainDocument document, String event) {
    XmlElement perf = document.root().child("perf");
    return perf != null
        && perf.children("event").stream()
            .anyMatch(one ->
                event.equals(one.attribute("name")) && "yes".equals(one.attribute("enabled")));
  }

  private void setEvents(Call call, DomainSetPerfEventsArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 3);
    Map<String, ParamReader.Kind> kinds = new LinkedHashMap<>();
    EVENTS.forEach(event -> kinds.put(event, ParamReader.Kind.BOOLEAN));
    ParamReader params = ParamReader.of(args.params(), kinds);
    Domain domain = find(args.dom());
    domain.perform(
        "perf",
        () -> {
          Impact impact = Impact.of(domain, args.flags());
          if (impact.live()) {
            for (String event : EVENTS) {
              if (params.number(event).orElse(0) != 0) {
                throw Refusal.qemu(
                    ErrorNumber.ARGUMENT_UNSUPPORTED,
                    "unable to enable host cpu perf event for " + event);
              }
            }
          }
          if (impact.config()) {
            editConfig(domain, document -> write(document, params));
          }
        });
  }

  private static void write(DomainDocument document, ParamReader params) {
    XmlElement perf = document.root().childOrNew("perf");
    for (String event : EVENTS) {
      if (params.has(event)) {
        perf.removeIf(one -> event.equals(one.attribute("name")));
        perf.append("event")
            .set("name", event)
            .set("enabled", params.number(event).orElse(0) != 0 ? "yes" : "no");
      }
    }
    if (perf.children().isEmpty()) {
      document.root().remove("perf");
    }
    DocumentOrder.arrange(document);
  }
}
