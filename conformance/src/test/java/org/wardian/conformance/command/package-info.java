/**
 * The ward command as a user has it: a process of its own, with real files, pipes and terminals.
 */
package org.wardian.conformance.command;
