package org.wardian.qmp;

import com.fasterxml.jackson.databind.JsonNode;

/** What a command does. */
@FunctionalInterface
public interface QmpCommand {
  /**
   * Does it. Commands of one client are called one after the other, those of several clients at the
   * same time.
   *
   * @return what {@code return} has; an empty object where there is nothing to say
   * @throws QmpException what the client gets instead
   */
  JsonNode execute(Arguments arguments) throws QmpException;
}
