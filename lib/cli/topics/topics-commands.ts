import { Option, type Command } from 'commander';
import { addConnectionOptions } from '../common/connection-options.js';
import { collect, collectPairs, integer } from '../common/option-values.js';
import { runAction, type Runtime } from '../common/run-action.js';
import { alterTopics, type AlterTopicsOptions } from './alter-topics.js';
import { createTopic, type CreateTopicOptions } from './create-topic.js';
import { deleteTopics, type DeleteTopicsOptions } from './delete-topics.js';
import { describeTopics, type DescribeTopicsOptions } from './describe-topics.js';
import { listTopics, type ListTopicsOptions } from './list-topics.js';
import { replicaAssignment } from './replica-assignment.js';

const MAX_PARTITIONS = 1_000_000;
const MAX_REPLICAS = 32_767;
const JSON_HELP = 'print one JSON document';
const EXPRESSION = 'a name, or a regular expression for the whole name; commas part several';

const CREATE_HELP = `
Examples:
  nest-kafka topics create --bootstrap-server localhost:9092 --topic orders --partitions 6 --replication-factor 3 \\
    --config min.insync.replicas=2
  nest-kafka topics create --topic orders --if-not-exists --json`;

const LIST_HELP = `
In a pipe: one name a line. Examples:
  nest-kafka topics list --exclude-internal
  nest-kafka topics list --topic 'orders.*' --json | jq '.[].partitions'`;

const DESCRIBE_HELP = `
The filters show partitions only, and their headings only if there are any. Examples:
  nest-kafka topics describe --topic orders
  nest-kafka topics describe --under-min-isr-partitions   # nobody can write to these with acks=all`;

const ALTER_HELP = `
Examples:
  nest-kafka topics alter --topic orders --partitions 12
  nest-kafka topics alter --topic orders --config retention.ms=86400000 --delete-config cleanup.policy`;

const DELETE_HELP = `
Deletes at once and asks nothing, as kafka-topics does; see with "topics list --topic" what an expression matches. Examples:
  nest-kafka topics delete --topic orders
  nest-kafka topics delete --topic 'test-.*' --if-exists`;

/** `nest-kafka topics ...` */
export function addTopicsCommands(program: Command, runtime: Runtime): void {
  const topics = program.command('topics').description('Topics, as with kafka-topics.');
  addCreate(topics, runtime);
  addList(topics, runtime);
  addDescribe(topics, runtime);
  addAlter(topics, runtime);
  addDelete(topics, runtime);
}

function addCreate(topics: Command, runtime: Runtime): void {
  const command = topics.command('create').description('Makes a topic and waits until it can be written to.');
  addConnectionOptions(command, 'topic-setting')
    .requiredOption('--topic <name>', 'its name')
    .option('--partitions <count>', "how many (default: the brokers' num.partitions)", integer(1, MAX_PARTITIONS))
    .option(
      '--replication-factor <count>',
      "on how many brokers each is kept (default: the brokers' default.replication.factor)",
      integer(1, MAX_REPLICAS),
    )
    .option('--replica-assignment <1:2,2:3,...>', 'the brokers of each partition, the leader first', replicaAssignment)
    .addOption(topicSetting())
    .option('--if-not-exists', 'a topic that is there already is no error')
    .option('--json', JSON_HELP)
    .addHelpText('after', CREATE_HELP);
  runAction<CreateTopicOptions>(command, runtime, createTopic);
}

function addList(topics: Command, runtime: Runtime): void {
  const command = topics.command('list').description('Lists the topics that this user may see.');
  addConnectionOptions(command)
    .option('--topic <names>', EXPRESSION)
    .option('--exclude-internal', 'without the topics that Kafka keeps for itself')
    .option('--json', JSON_HELP)
    .addHelpText('after', LIST_HELP);
  runAction<ListTopicsOptions>(command, runtime, listTopics);
}

function addDescribe(topics: Command, runtime: Runtime): void {
  const command = topics
    .command('describe')
    .description(
      'Shows settings, leaders, replicas, and what is wrong; warns of topics that a broker failure can harm.',
    );
  addConnectionOptions(command)
    .option('--topic <names>', `${EXPRESSION} (default: all)`)
    .option('--exclude-internal', 'without the topics that Kafka keeps for itself')
    .option('--if-exists', 'nothing found is no error')
    .option('--under-replicated-partitions', 'only partitions with replicas that are not in sync')
    .option('--unavailable-partitions', 'only partitions without a leader')
    .option('--under-min-isr-partitions', 'only partitions with fewer replicas in sync than min.insync.replicas')
    .option('--at-min-isr-partitions', 'only partitions with exactly as many')
    .option('--topics-with-overrides', 'only topics with settings of their own')
    .option('--json', JSON_HELP)
    .addHelpText('after', DESCRIBE_HELP);
  runAction<DescribeTopicsOptions>(command, runtime, describeTopics);
}

function addAlter(topics: Command, runtime: Runtime): void {
  const command = topics
    .command('alter')
    .description('Adds partitions or changes settings; settings that are not named stay as they are.');
  addConnectionOptions(command, 'topic-setting')
    .requiredOption('--topic <names>', EXPRESSION)
    .option('--partitions <count>', 'how many there are to be in all', integer(1, MAX_PARTITIONS))
    .addOption(topicSetting())
    .option('--delete-config <name>', 'go back to the default of the brokers; may be repeated', collect)
    .option('--if-exists', 'nothing found is no error')
    .option('--json', JSON_HELP)
    .addHelpText('after', ALTER_HELP);
  runAction<AlterTopicsOptions>(command, runtime, alterTopics);
}

function addDelete(topics: Command, runtime: Runtime): void {
  const command = topics.command('delete').description('Removes topics with their records, at once.');
  addConnectionOptions(command)
    .requiredOption('--topic <names>', EXPRESSION)
    .option('--if-exists', 'nothing found is no error')
    .option('--json', JSON_HELP)
    .addHelpText('after', DELETE_HELP);
  runAction<DeleteTopicsOptions>(command, runtime, deleteTopics);
}

function topicSetting(): Option {
  const description = 'a setting of the topic; may be repeated (for the client: --command-config)';
  return new Option('--config <name=value>', description).argParser(collectPairs);
}
