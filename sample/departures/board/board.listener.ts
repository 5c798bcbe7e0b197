import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { AutoCommitStrategy, KafkaListener } from 'nestjs-kafka-producer';
import type { ReceivedDeparture } from '../departures/departure.js';
import { Groups, Topics } from '../names.js';
import { Board } from './board.js';

/** Keeps the board up to date. Nobody waits for its commits: after a crash it would see some departures again. */
@Controller()
export class BoardListener {
  public constructor(private readonly board: Board) {}

  @KafkaListener(Topics.departures, {
    groupId: Groups.board,
    commitStrategy: AutoCommitStrategy,
    recovery: { deadLetter: { topic: Topics.deadLetters } },
  })
  public onDeparture(@Payload() departure: ReceivedDeparture): void {
    this.board.add(departure);
  }

  @KafkaListener(Topics.delays, { groupId: Groups.board, commitStrategy: AutoCommitStrategy })
  public onDelay(@Payload() departure: ReceivedDeparture): void {
    this.board.alert(departure);
  }
}
