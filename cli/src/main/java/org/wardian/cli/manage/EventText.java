package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.wardian.cli.Json;
import org.wardian.libvirt.constants.DomainEventCrashedDetailType;
import org.wardian.libvirt.constants.DomainEventDefinedDetailType;
import org.wardian.libvirt.constants.DomainEventPmSuspendedDetailType;
import org.wardian.libvirt.constants.DomainEventResumedDetailType;
import org.wardian.libvirt.constants.DomainEventShutdownDetailType;
import org.wardian.libvirt.constants.DomainEventStartedDetailType;
import org.wardian.libvirt.constants.DomainEventStoppedDetailType;
import org.wardian.libvirt.constants.DomainEventSuspendedDetailType;
import org.wardian.libvirt.constants.DomainEventType;
import org.wardian.libvirt.constants.DomainEventUndefinedDetailType;
import org.wardian.libvirt.wire.remote.DomainRef;

/** An event as a tree, and a tree as a line. */
final class EventText {
  /** Members that every event has; the rest is its own. */
  private static final List<String> COMMON = List.of("time", "family", "event", "name", "uuid");

  private EventText() {}

  /**
   * An event of an object, to which more may be added.
   *
   * @param family {@code domain}, {@code network}, {@code pool}, {@code device} or {@code secret}
   * @param uuid null where the object has none
   */
  static ObjectNode of(String family, String event, String name, UUID uuid) {
    ObjectNode node = Json.object();
    node.put("family", family).put("event", event).put("name", name);
    if (uuid != null) {
      node.put("uuid", uuid.toString());
    }
    return node;
  }

  /** An event of a domain. */
  static ObjectNode of(String event, DomainRef domain) {
    return of("domain", event, domain.name(), domain.uuid());
  }

  /** A domain that is defined, started, stopped and so on, with libvirt's reason. */
  static ObjectNode lifecycle(DomainRef domain, int type, int detail) {
    DomainEventType known = DomainEventType.of(type);
    Enum<?> reason =
        switch (known) {
          case null -> null;
          case DEFINED -> DomainEventDefinedDetailType.of(detail);
          case UNDEFINED -> DomainEventUndefinedDetailType.of(detail);
          case STARTED -> DomainEventStartedDetailType.of(detail);
          case SUSPENDED -> DomainEventSuspendedDetailType.of(detail);
          case RESUMED -> DomainEventResumedDetailType.of(detail);
          case STOPPED -> DomainEventStoppedDetailType.of(detail);
          case SHUTDOWN -> DomainEventShutdownDetailType.of(detail);
          case PMSUSPENDED -> DomainEventPmSuspendedDetailType.of(detail);
          case CRASHED -> DomainEventCrashedDetailType.of(detail);
        };
    return of("lifecycle", domain)
        .put("type", Words.of(known, type))
        .put("detail", Words.of(reason, detail));
  }

  /** One line: when, what kind of object, which, what, and the rest by name. */
  static String line(ObjectNode event, String time) {
    List<String> words = new ArrayList<>();
    words.add(time);
    words.add(event.get("family").asText());
    words.add(event.get("name").asText());
    words.add(event.get("event").asText());
    List<String> rest = new ArrayList<>();
    for (Map.Entry<String, JsonNode> member : event.properties()) {
      if (!COMMON.contains(member.getKey()) && !member.getValue().isNull()) {
        rest.add(member.getKey() + "=" + value(member.getValue()));
      }
    }
    return Cells.plain(
        String.join(" ", words) + (rest.isEmpty() ? "" : " " + String.join(" ", rest)));
  }

  private static String value(JsonNode value) {
    if (value.isContainerNode()) {
      return value.toString();
    }
    String text = value.asText();
    return text.isEmpty() || text.contains(" ") ? '"' + text + '"' : text;
  }
}
