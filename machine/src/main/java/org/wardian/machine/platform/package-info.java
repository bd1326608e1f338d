/** What of a machine depends on who executes its code: processors, interrupt chips, clock. */
package org.wardian.machine.platform;
